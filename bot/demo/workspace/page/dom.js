/**
 * Builds elements. A string child always becomes a text node and an attribute is always set as an attribute,
 * so data can never become markup. Nothing on this page assigns `innerHTML`.
 */

/**
 * @param {string} tag
 * @param {Object} attributes `on…` functions become listeners; `dataset` and `style` take objects; `false`/`null` are left out.
 * @param {...(Node|string|number|null|false|Array)} children nested arrays are flattened, empty values skipped
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (name === "style")
    Object.entries(value).forEach(([property, text]) => element.style.setProperty(property, text));
  else element.setAttribute(name, value === true ? "" : value);
}

/** Replaces an element's children, skipping empty values as `h` does. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
}

const SAFE_SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);

/** A link to `url`, or just its label when the scheme could run code. */
export function safeLink(url, ...label) {
  let scheme;
  try {
    scheme = new URL(url, location.href).protocol;
  } catch {
    scheme = "";
  }
  const content = label.flat().length ? label : [url];
  if (!SAFE_SCHEMES.has(scheme)) return h("span", {}, ...content);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...content);
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  send: "M3 11.2 20.2 3.6a.6.6 0 0 1 .8.8L13.4 21a.6.6 0 0 1-1.1-.1l-2-6.6-6.6-2a.6.6 0 0 1-.1-1.1Z",
  close: "m6 6 12 12M18 6 6 18",
  back: "m14 5-7 7 7 7",
  thread:
    "M5 4h14a1.6 1.6 0 0 1 1.6 1.6v8.8A1.6 1.6 0 0 1 19 16h-7l-5 4.2V16H5a1.6 1.6 0 0 1-1.6-1.6V5.6A1.6 1.6 0 0 1 5 4ZM8 8.4h8M8 11.8h5",
  edit: "m4.5 19.5.9-4L15.9 5a1.9 1.9 0 0 1 2.7 0l.5.5a1.9 1.9 0 0 1 0 2.7L8.5 18.6Z",
  remove: "M5 7h14M9.5 7V4.5h5V7M7 7l.8 12.5h8.4L17 7",
  table: "M4 5.5h16v13H4ZM4 10h16M10 10v8.5",
  lock: "M6.5 11h11v8.5h-11ZM9 11V8a3 3 0 0 1 6 0v3",
};

/** A small line icon, hidden from assistive technology: its button carries the label. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const attributes = { viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" };
  Object.entries(attributes).forEach(([key, value]) => svg.setAttribute(key, value));
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
