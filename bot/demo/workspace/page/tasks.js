/** What an agent shows of its work: task cards, a plan's title, tables, and the buttons that rate an answer. */
import { scrollable } from "./clip.js";
import { h, icon, safeLink } from "./dom.js";
import { plainText } from "./emoji.js";
import { richText } from "./richtext.js";

const STATES = { pending: "To do", in_progress: "Running", complete: "Done", error: "Failed" };
const MARKS = { pending: "○", in_progress: "", complete: "✓", error: "!" };

/** A text of a task: Slack keeps rich text, an app may have sent a plain one. */
function texts(given, className, names) {
  if (!given) return null;
  return h("div", { class: `text ${className}` }, typeof given === "string" ? given : richText(given, names));
}

export function taskCard(block, surface) {
  const state = STATES[block.status] ? block.status : "pending";
  const mark = h("span", { class: "task-mark", "aria-hidden": "true" }, MARKS[state]);
  const sources = (block.sources ?? []).map((source) => h("li", {}, safeLink(source.url, source.text ?? source.url)));
  return h(
    "div",
    { class: `task task-${state}`, dataset: { status: state } },
    mark,
    h(
      "div",
      { class: "task-main" },
      h("p", { class: "task-title" }, block.title, h("span", { class: "only-read-out" }, ` (${STATES[state]})`)),
      texts(block.details, "task-details", surface.names),
      texts(block.output, "task-output", surface.names),
      sources.length ? h("ul", { class: "task-sources" }, sources) : null,
    ),
  );
}

export function plan(block, surface) {
  const tasks = (block.tasks ?? []).map((task) => taskCard(task, surface));
  return h("div", { class: "plan" }, h("p", { class: "plan-title" }, block.title), tasks);
}

let tables = 0; // counted for their names

export function table(block, surface) {
  const cell = (tag) => (part) =>
    h(tag, {}, part?.type === "rich_text" ? richText(part, surface.names) : String(part?.text ?? part?.value ?? ""));
  const [head, ...rows] = block.rows ?? [];
  const body = rows.map((row) => h("tr", {}, row.map(cell("td"))));
  const node = h("table", {}, h("thead", {}, h("tr", {}, (head ?? []).map(cell("th")))), h("tbody", {}, body));
  return scrollable(h("div", { class: "md-table" }, node), `Data ${++tables}`);
}

/** `feedback_buttons`: the one that was pressed stays marked. */
export function feedback(block, part, surface, busy) {
  const picked = surface.picked?.(block, part);
  const rate = ({ text, value, accessibility_label: longer }) =>
    h(
      "button",
      {
        type: "button",
        class: "feedback",
        title: longer,
        "aria-label": longer && !longer.includes(plainText(text)) ? `${plainText(text)}: ${longer}` : longer,
        "aria-pressed": String(picked === value),
        "aria-disabled": busy ? "true" : null,
        dataset: { focus: `${block} ${part.action_id} ${value}` },
        onclick: () => busy || surface.click(block, part, { value }),
      },
      plainText(text),
    );
  const buttons = [part.positive_button, part.negative_button].filter(Boolean).map(rate);
  return h("span", { class: "feedback-group", role: "group", "aria-label": "Rate this answer" }, buttons);
}

export function iconButton(block, part, surface, busy, use) {
  const label = part.accessibility_label ?? plainText(part.text);
  const attributes = { type: "button", class: "tool", title: label, "aria-label": label };
  const onclick = () => busy || use(block, part, surface, { value: part.value });
  return h("button", { ...attributes, dataset: { focus: `${block} ${part.action_id}` }, onclick }, icon("remove"));
}
