/** Controls that pick a person or a conversation of the workspace. */
import { h } from "./dom.js";
import { displayName } from "./people.js";

/** @param {string} field where the choice stands in Slack's state @param {Function} listed `names` → [[id, label]] */
function picker(field, initial, listed) {
  return (element, attributes, { names }) => {
    const option = ([id, label]) => h("option", { value: id }, label);
    const none = h("option", { value: "" }, element.placeholder?.text ?? "Select one");
    const node = h("select", { class: "input select", ...attributes }, none, listed(names).map(option));
    node.value = element[initial] ?? "";
    return {
      node,
      read: () => ({ type: element.type, [field]: node.value || null }),
      restore: (state) => (node.value = state[field] ?? ""),
      focus: () => node.focus(),
    };
  };
}

function several(field, initial, listed) {
  return (element, attributes, { names }) => {
    const entries = listed(names);
    const chosen = element[initial] ?? [];
    const boxes = entries.map(([id]) => h("input", { type: "checkbox", checked: chosen.includes(id) }));
    const row = ([, label], index) => h("label", { class: "choice" }, boxes[index], h("span", {}, label));
    return {
      node: h("div", { class: "choices choices-multi_static_select" }, entries.map(row)),
      group: true,
      read: () => ({ type: element.type, [field]: entries.flatMap(([id], index) => (boxes[index].checked ? [id] : [])) }),
      restore: (state) => boxes.forEach((box, index) => (box.checked = (state[field] ?? []).includes(entries[index][0]))),
      focus: () => boxes[0]?.focus(),
    };
  };
}

const people = (names) => names.users().map((user) => [user.id, displayName(user)]);
const rooms = (names) =>
  names.channels().flatMap(({ id, name, kind }) => (kind === "dm" ? [] : [[id, `#${name}`]]));

export const pickerControls = {
  users_select: picker("selected_user", "initial_user", people),
  multi_users_select: several("selected_users", "initial_users", people),
  conversations_select: picker("selected_conversation", "initial_conversation", rooms),
  multi_conversations_select: several("selected_conversations", "initial_conversations", rooms),
  channels_select: picker("selected_channel", "initial_channel", rooms),
  multi_channels_select: several("selected_channels", "initial_channels", rooms),
};
