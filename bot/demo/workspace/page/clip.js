/** What is longer or wider than its place: a button shows all of a text, and the keyboard reaches what scrolls. */
import { h } from "./dom.js";

const opened = new Set(); // keys of the texts that a person opened, so that a redraw does not close them

/** @param {string} key what the text is known by, whenever it is drawn @returns {Node} the content, cut at a height */
export function clipped(content, key) {
  const frame = h("div", { class: "clip" }, content);
  const button = h("button", { type: "button", class: "more", hidden: true, dataset: { focus: `more ${key}` } });
  const draw = () => {
    const open = opened.has(key);
    frame.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Show less" : "Show more";
  };
  button.addEventListener("click", () => {
    if (!opened.delete(key)) opened.add(key);
    draw();
  });
  const measure = () => {
    const cut = frame.scrollHeight > frame.clientHeight + 2;
    if (!opened.has(key)) button.hidden = !cut;
    else button.hidden = false;
    frame.classList.toggle("cut", cut);
  };
  new ResizeObserver(measure).observe(frame);
  draw();
  return h("div", { class: "clip-frame" }, frame, button);
}

/** A text that stays as it is, line by line: code, or the arguments of a call. */
export function preformatted(content) {
  const pre = h("pre", {}, h("code", {}, content));
  return clipped(pre, pre.textContent);
}

/** Makes a node that scrolls a stop of the keyboard, as long as there is something to scroll. @returns {Node} the node */
export function scrollable(node, label) {
  const measure = () => {
    const scrolls = node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1;
    for (const [name, value] of [
      ["tabindex", "0"],
      ["role", "region"],
      ["aria-label", label],
    ]) {
      if (scrolls) node.setAttribute(name, value);
      else node.removeAttribute(name);
    }
  };
  const observer = new ResizeObserver(measure);
  observer.observe(node);
  for (const child of node.children) observer.observe(child);
  return node;
}
