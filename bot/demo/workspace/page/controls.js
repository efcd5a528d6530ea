/**
 * The controls of Block Kit inputs. Each gives
 * `{node, input, group, read, restore, problem, focus}`: `read()` is the value in Slack's state shape, `restore(value)` puts such
 * a value back, `problem()` is the sentence of what the control itself can refuse ("" when fine), `group` says that the
 * node holds several inputs and is labelled as a group, `input` is the one inside that has the label, where it is not the
 * node itself.
 */
import { choiceControls } from "./choices.js";
import { dateControls } from "./dates.js";
import { h } from "./dom.js";
import { externalControls } from "./external.js";
import { pickerControls } from "./pickers.js";

const CONTROLS = {
  plain_text_input: textInput,
  number_input: numberInput,
  email_text_input: (element, attributes) =>
    typed(element, { ...attributes, type: "email", inputmode: "email" }, emailProblem),
  url_text_input: (element, attributes) => typed(element, { ...attributes, type: "url", inputmode: "url" }, urlProblem),
  ...choiceControls,
  ...dateControls,
  ...externalControls,
  ...pickerControls,
};

/** @returns {Object|null} null for a type this page does not know */
export function control(element, { id, label, ask, names } = {}) {
  const make = CONTROLS[element.type];
  if (!make) return null;
  return { problem: () => "", group: false, ...make(element, { id, "aria-label": label }, { ask, names }) };
}

function typed(element, attributes, problem) {
  const multiline = element.multiline === true;
  const node = h(multiline ? "textarea" : "input", {
    class: "input",
    placeholder: element.placeholder?.text,
    autocomplete: "off",
    maxlength: element.max_length,
    rows: multiline ? 4 : null,
    ...(multiline ? {} : { type: "text" }),
    ...attributes,
  });
  node.value = element.initial_value ?? "";
  const value = () => (node.value === "" ? null : node.value);
  return {
    node,
    read: () => ({ type: element.type, value: value() }),
    restore: (state) => (node.value = state.value ?? ""),
    problem: () => (value() === null ? "" : problem(node.value, element)),
    focus: () => node.focus(),
  };
}

function textInput(element, attributes) {
  return typed(element, attributes, (value) => {
    if (element.min_length && value.length < element.min_length)
      return `Write at least ${element.min_length} characters.`;
    return "";
  });
}

/** A text field, not `type=number`: the value stays exactly what was typed, and the wheel changes nothing. */
function numberInput(element, attributes) {
  return typed(
    element,
    { ...attributes, inputmode: element.is_decimal_allowed ? "decimal" : "numeric" },
    numberProblem,
  );
}

function numberProblem(value, element) {
  const text = value.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text)) return "Enter a number, such as 80 or 12.5.";
  if (!element.is_decimal_allowed && !/^[+-]?\d+$/.test(text)) return "Enter a whole number.";
  const [min, max] = [element.min_value, element.max_value];
  if (min !== undefined && Number(text) < Number(min)) return `Enter a number that is at least ${min}.`;
  if (max !== undefined && Number(text) > Number(max)) return `Enter a number that is at most ${max}.`;
  return "";
}

const emailProblem = (value) =>
  /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value.trim()) ? "" : "Enter an email address, such as name@example.com.";

function urlProblem(value) {
  try {
    return ["http:", "https:"].includes(new URL(value).protocol) ? "" : "Enter a link that starts with https://.";
  } catch {
    return "Enter a link that starts with https://.";
  }
}
