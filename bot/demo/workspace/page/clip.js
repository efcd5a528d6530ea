/** What is longer or wider than its place: a button shows all of a text, and the keyboard reaches what scrolls. */
import { h } from "./dom.js";

const known = new Map(); // key -> {number, open, cut}: what a person opened stays open when it is drawn anew

/** @param {string} key what the text is known by, whenever it is drawn @returns {Node} the content, cut at a height */
export function clipped(content, key) {
  if (!known.has(key)) known.set(key, { number: known.size, open: false, cut: false });
  const state = known.get(key);
  const frame = h("div", { class: "clip" }, content);
  const button = h("button", { type: "button", class: "more", dataset: { focus: `more ${state.number}` } });
  const node = h("div", { class: "clip-frame" }, frame);
  const draw = () => {
    frame.classList.toggle("open", state.open);
    frame.classList.toggle("cut", state.cut && !state.open);
    button.setAttribute("aria-expanded", String(state.open));
    button.textContent = state.open ? "Show less" : "Show more";
    if (!state.cut) button.remove();
    else if (button.parentNode !== node) node.append(button); // appended again, it would lose the focus
  };
  button.addEventListener("click", () => {
    state.open = !state.open;
    draw();
  });
  new ResizeObserver(() => {
    if (state.open || !frame.clientHeight) return;
    state.cut = frame.scrollHeight > frame.clientHeight + 2;
    draw();
  }).observe(frame);
  draw();
  return node;
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
