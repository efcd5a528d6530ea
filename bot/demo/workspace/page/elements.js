/** Elements that act at once: buttons, menus, and inputs outside an input block. */
import { confirmed } from "./confirm.js";
import { control } from "./controls.js";
import { h } from "./dom.js";
import { plainText } from "./emoji.js";
import { feedback, iconButton } from "./tasks.js";

const RENDERERS = {
  button,
  static_select: menu,
  overflow: menu,
  feedback_buttons: feedback,
  icon_button: (block, part, surface, busy) => iconButton(block, part, surface, busy, use),
};

/** @returns {Node|null} null when the element is not for this person */
export function element(block, part, surface) {
  const visible = part.visible_to_user_ids;
  if (visible && !visible.includes(surface.names.me)) return null;
  const state = surface.state(block, part);
  const failed = state && state !== "busy";
  const node = (RENDERERS[part.type] ?? other)(block, part, surface, state === "busy");
  if (!failed) return node;
  return h("span", { class: "failed-click" }, node, h("span", { class: "click-problem", role: "alert" }, `⚠ ${state}`));
}

async function use(block, part, surface, answer) {
  if (part.confirm && !(await confirmed(part.confirm, surface.names))) return false;
  surface.click(block, part, answer);
  return true;
}

function button(block, part, surface, busy) {
  const label = plainText(part.text);
  const attributes = {
    type: "button",
    class: `button ${part.style ? `button-${part.style}` : ""}`,
    "aria-label": spoken(label, part.accessibility_label),
    "aria-busy": busy ? "true" : null,
    "aria-disabled": busy ? "true" : null,
    dataset: { focus: part.value ? `${part.action_id} ${part.value}` : `${block} ${part.action_id}` },
    onclick: () => {
      if (busy) return;
      if (part.url) (surface.open ?? window.open)(part.url);
      use(block, part, surface, { value: part.value });
    },
  };
  return h("button", attributes, h("span", { class: "button-label" }, label));
}

/** What is read out begins with what is to be seen: who speaks to a browser says that. */
const spoken = (label, longer) => (!longer || longer.includes(label) ? longer : `${label}: ${longer}`);

/** A select or an overflow menu: choosing an option is the click. */
function menu(block, part, surface, busy) {
  const overflow = part.type === "overflow";
  const options = part.options ?? (part.option_groups ?? []).flatMap((group) => group.options);
  const placeholder = overflow ? "⋯" : (part.placeholder?.text ?? "Select an option");
  const initial = options.findIndex((option) => option.value === part.initial_option?.value);
  const select = h(
    "select",
    {
      class: overflow ? "select overflow" : "select",
      "aria-label": overflow ? "More actions" : placeholder,
      "aria-busy": busy ? "true" : null,
      disabled: busy,
      dataset: { focus: `${block} ${part.action_id}` },
    },
    h("option", { value: "", disabled: true, hidden: true, selected: initial < 0 }, placeholder),
    options.map((option, index) =>
      h("option", { value: String(index), selected: index === initial }, plainText(option.text)),
    ),
  );
  const shown = initial < 0 ? "" : String(initial);
  surface.register?.({
    block,
    action: part.action_id,
    read: () => ({ type: part.type, selected_option: select.value === "" ? null : options[Number(select.value)] }),
  });
  select.addEventListener("change", async () => {
    const used = await use(block, part, surface, { selected_option: options[Number(select.value)] });
    if (!used || overflow) select.value = shown;
  });
  return select;
}

/** Any other control tells its state when it changes. */
function other(block, part, surface) {
  const label = part.placeholder?.text ?? part.type.replaceAll("_", " ");
  const ask = (typed) => surface.suggest(block, part, typed);
  const made = control(part, { label, ask, names: surface.names });
  if (!made) return h("span", { class: "unsupported" }, `unsupported element: ${part.type}`);
  surface.register?.({ block, action: part.action_id, read: made.read, restore: made.restore });
  made.node.addEventListener("change", () => use(block, part, surface, made.read()));
  return made.node;
}
