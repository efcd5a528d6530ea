/** Controls for dates and times. A date-time is epoch seconds, picked and shown in the reader's zone. */
import { h } from "./dom.js";

function picker(type, field, initial) {
  return (element, attributes) => {
    const node = h("input", { class: "input date", type, ...attributes });
    node.value = element[initial] ?? "";
    return {
      node,
      read: () => ({ type: element.type, [field]: node.value || null }),
      restore: (state) => (node.value = state[field] ?? ""),
      focus: () => node.focus(),
    };
  };
}

const two = (number) => String(number).padStart(2, "0");

/** Epoch seconds as the local "2026-11-23T09:30" that the browser's control speaks. */
function local(epoch) {
  if (!epoch) return "";
  const date = new Date(epoch * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

function dateTimePicker(element, attributes) {
  const node = h("input", { class: "input date", type: "datetime-local", ...attributes });
  node.value = local(element.initial_date_time);
  let kept = element.initial_date_time ?? null; // with its seconds, which the control does not show
  const epoch = () => {
    if (node.value && node.value === local(kept)) return kept;
    return node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null;
  };
  return {
    node,
    read: () => ({ type: element.type, selected_date_time: epoch() }),
    restore: (state) => {
      kept = state.selected_date_time;
      node.value = local(kept);
    },
    focus: () => node.focus(),
  };
}

export const dateControls = {
  datepicker: picker("date", "selected_date", "initial_date"),
  timepicker: picker("time", "selected_time", "initial_time"),
  datetimepicker: dateTimePicker,
};
