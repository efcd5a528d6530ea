/** The files of a message: name and size, a look at a text, and the way to save it. */
import { fileUrl } from "./api.js";
import { preformatted } from "./clip.js";
import { h } from "./dom.js";

const SHOWN = 200_000; // characters of a text that the page shows; the rest is in the file
const UNITS = ["bytes", "KB", "MB", "GB"];

export function size(bytes) {
  const step = bytes ? Math.min(Math.floor(Math.log(bytes) / Math.log(1000)), UNITS.length - 1) : 0;
  if (step === 0) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return `${(bytes / 1000 ** step).toFixed(1)} ${UNITS[step]}`;
}

export function files(message) {
  if (!message.files?.length) return null;
  return h(
    "ul",
    { class: "files", "aria-label": "Files" },
    message.files.map((file) => h("li", {}, fileItem(file))),
  );
}

const isText = ({ mimetype = "" }) => /^text\/|json|xml|yaml|javascript/.test(mimetype);

function fileItem(file) {
  const name = file.title || file.name || "file";
  const url = fileUrl(file.id);
  const picture = file.mimetype?.startsWith("image/")
    ? h("img", { class: "image", src: url, alt: name, loading: "lazy" })
    : null;
  const content = h("div", { class: "file-content", hidden: true });
  const look = h("button", { type: "button", class: "button", "aria-expanded": "false" }, "Preview");
  look.dataset.focus = `look ${file.id}`;
  look.addEventListener("click", () => toggle(look, content, url));
  const save = { class: "button", href: url, download: file.name, "aria-label": `Download ${name}` };
  return h(
    "div",
    { class: "file" },
    h(
      "div",
      { class: "file-head" },
      h("span", { class: "file-name" }, name, " ", h("span", { class: "file-size" }, size(file.size ?? 0))),
      isText(file) ? look : null,
      h("a", save, "Download"),
    ),
    picture,
    content,
  );
}

async function toggle(button, content, url) {
  if (content.hidden && !content.hasChildNodes()) content.append(await read(url));
  content.hidden = !content.hidden;
  button.setAttribute("aria-expanded", String(!content.hidden));
  button.textContent = content.hidden ? "Preview" : "Hide";
}

async function read(url) {
  try {
    const response = await fetch(url);
    const text = response.ok ? await response.text() : "";
    if (!response.ok) return h("p", { role: "alert" }, "The file cannot be read.");
    const more = text.length > SHOWN ? h("p", {}, "The rest is in the file: download it.") : null;
    return h("div", {}, preformatted(text.slice(0, SHOWN)), more);
  } catch {
    return h("p", { role: "alert" }, "The file cannot be read now. Is the workspace still running?");
  }
}
