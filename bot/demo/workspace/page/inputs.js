/** An `input` block: label, control, hint, and the place beneath it for what is wrong. */
import { control } from "./controls.js";
import { h } from "./dom.js";
import { plainText } from "./emoji.js";

const REQUIRED = "Please fill in this field.";
let fields = 0;

export function inputBlock(block, surface) {
  const id = `field-${++fields}`;
  const ask = (typed) => surface.suggest(block.block_id, block.element, typed);
  const made = control(block.element, { id, ask, names: surface.names });
  if (!made) return h("div", { class: "unsupported" }, `unsupported input: ${block.element?.type}`);
  const before = surface.typed?.(block.block_id, block.element.action_id);
  if (before?.type === block.element.type) made.restore(before);
  const hint = block.hint ? h("p", { class: "hint", id: `${id}-hint` }, plainText(block.hint)) : null;
  const error = h("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
  const describe = [hint ? `${id}-hint` : "", `${id}-error`].join(" ").trim();
  const described = made.input ?? made.node;
  described.setAttribute("aria-describedby", describe);
  if (!block.optional && !made.group) described.setAttribute("aria-required", "true");
  const field = layout(block, made, id, [hint, error]);
  const { action_id: action, focus_on_load: first } = block.element;
  const entry = { block: block.block_id, action, first, read: made.read, focus: made.focus, node: made.node };
  const show = (problem) => {
    error.textContent = problem ? `⚠ ${problem}` : "";
    error.hidden = !problem;
    field.classList.toggle("invalid", Boolean(problem));
    if (problem) described.setAttribute("aria-invalid", "true");
    else described.removeAttribute("aria-invalid");
  };
  surface.register?.({
    ...entry,
    show,
    problem: () => (!block.optional && empty(made.read()) ? REQUIRED : made.problem()),
  });
  made.node.addEventListener("input", () => show(""));
  if (block.dispatch_action) dispatch(block, made, surface);
  return field;
}

function layout(block, made, id, below) {
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  const label = plainText(block.label);
  if (!made.group) {
    return h(
      "div",
      { class: "field" },
      h("div", { class: "label-line" }, h("label", { for: id, class: "label" }, label), optional),
      made.node,
      below,
    );
  }
  made.node.id = id;
  made.node.setAttribute("role", block.element.type === "radio_buttons" ? "radiogroup" : "group");
  made.node.setAttribute("aria-labelledby", `${id}-label`);
  return h(
    "div",
    { class: "field" },
    h("div", { class: "label-line" }, h("span", { class: "label", id: `${id}-label` }, label), optional),
    made.node,
    below,
  );
}

/** Whether a state value says that nothing was given. */
function empty({ type, ...state }) {
  const [value] = Object.values(state);
  return value === null || (Array.isArray(value) ? value.length === 0 : String(value).trim() === "");
}

/** The app asked to hear of this input at once: on a choice, or on Enter in a text. */
function dispatch(block, made, surface) {
  const tell = () => {
    const { type, ...state } = made.read();
    surface.click(block.block_id, block.element, state);
  };
  if (!block.element.type.endsWith("_input")) made.node.addEventListener("change", tell);
  else {
    made.node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      tell();
    });
  }
}
