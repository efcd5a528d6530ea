/** Changing the text of one's own message, in its place. Enter saves, Escape leaves it as it was. */
import { h } from "./dom.js";
import { typedText } from "./typed.js";

export function editor(message, { store, actions }) {
  const area = h("textarea", {
    class: "editor-text",
    "aria-label": "Edit message",
    rows: 2,
    dataset: { focus: "editor" },
  });
  area.value = typedText(message.text, store.names);
  const leave = () => {
    store.editing = null;
    store.changed();
  };
  const save = () => (area.value.trim() ? actions.edit(message, area.value.trim()) : leave());
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      event.preventDefault(); // it would close the thread, too
      leave();
    }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    save();
  });
  queueMicrotask(() => area.focus());
  return h(
    "div",
    { class: "editor" },
    area,
    h(
      "div",
      { class: "editor-buttons" },
      h("button", { type: "button", class: "button", onclick: leave }, "Cancel"),
      h("button", { type: "button", class: "button button-primary", onclick: save }, "Save"),
    ),
  );
}
