/** Controls that pick from options: a select, radio buttons, checkboxes, and a list for several. */
import { h } from "./dom.js";
import { plainText } from "./emoji.js";

let groups = 0;

const optionsOf = (element) => element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
const sameValue = (a) => (b) => a?.value === b?.value;

function staticSelect(element, attributes) {
  const options = optionsOf(element);
  const item = (option) => h("option", { value: String(options.indexOf(option)) }, plainText(option.text));
  const node = h(
    "select",
    { class: "input select", ...attributes },
    h("option", { value: "" }, element.placeholder?.text ?? "Select an option"),
    element.option_groups
      ? element.option_groups.map((group) => h("optgroup", { label: group.label.text }, group.options.map(item)))
      : options.map(item),
  );
  const choose = (option) => {
    const index = options.findIndex(sameValue(option));
    node.value = index < 0 ? "" : String(index);
  };
  choose(element.initial_option);
  return {
    node,
    read: () => ({ type: element.type, selected_option: node.value === "" ? null : options[Number(node.value)] }),
    restore: (state) => choose(state.selected_option),
    focus: () => node.focus(),
  };
}

/** Rows of radio buttons or checkboxes; `chosen` are the ticked options. */
function rows(element, type, chosen) {
  const options = optionsOf(element);
  const name = `choice-${++groups}`;
  const boxes = options.map((option) => h("input", { type, name, checked: chosen.some(sameValue(option)) }));
  const row = (option, index) =>
    h(
      "label",
      { class: "choice" },
      boxes[index],
      h(
        "span",
        {},
        plainText(option.text),
        option.description ? h("span", { class: "choice-description" }, option.description.text) : null,
      ),
    );
  return {
    node: h("div", { class: `choices choices-${element.type}` }, options.map(row)),
    group: true,
    ticked: () => options.filter((_, index) => boxes[index].checked),
    tick: (picked) => boxes.forEach((box, index) => (box.checked = picked.some(sameValue(options[index])))),
    focus: () => (boxes.find((box) => box.checked) ?? boxes[0])?.focus(),
  };
}

function radioButtons(element) {
  const made = rows(element, "radio", element.initial_option ? [element.initial_option] : []);
  return {
    ...made,
    read: () => ({ type: element.type, selected_option: made.ticked()[0] ?? null }),
    restore: (state) => made.tick(state.selected_option ? [state.selected_option] : []),
  };
}

function several(element) {
  const made = rows(element, "checkbox", element.initial_options ?? []);
  const limit = element.max_selected_items;
  return {
    ...made,
    read: () => ({ type: element.type, selected_options: made.ticked() }),
    restore: (state) => made.tick(state.selected_options ?? []),
    problem: () => (limit && made.ticked().length > limit ? `Choose at most ${limit}.` : ""),
  };
}

export const choiceControls = {
  static_select: staticSelect,
  radio_buttons: radioButtons,
  checkboxes: several,
  multi_static_select: several,
};
