/** Block Kit blocks as elements. One function per block type; an unknown type is said, never dropped. */
import { fileUrl } from "./api.js";
import { h } from "./dom.js";
import { element as interactive } from "./elements.js";
import { plainText } from "./emoji.js";
import { inputBlock } from "./inputs.js";
import { markdown } from "./markdown.js";
import { mrkdwn } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { plan, table, taskCard } from "./tasks.js";

/**
 * Where blocks stand, for the parts that react.
 * @typedef {Object} Surface
 * @property {Object} names looks users and channels up
 * @property {(block: string, element: Object, answer: Object) => void} click a person used an element
 * @property {(block: string, element: Object) => (string|undefined)} state "busy", or why the last click failed
 * @property {(control: Object) => void} register collects the inputs of a modal
 * @property {(block: string, element: Object, typed: string) => Promise<Object>} suggest choices of an external select
 * @property {(block: string, element: Object) => (string|undefined)} picked the feedback button that was pressed
 * @property {(url: string) => void} open follows the link of a button
 * @property {(block: string, action: string) => (Object|undefined)} typed what was typed before a modal was redrawn
 */

/** @returns {Node[]} a text object's content */
export function text(object, names) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, names) : [plainText(object)];
}

const BLOCKS = {
  section: (block, surface) =>
    h(
      "div",
      { class: "section" },
      h(
        "div",
        { class: "section-main" },
        block.text ? h("div", { class: "text" }, text(block.text, surface.names)) : null,
        block.fields
          ? h(
              "div",
              { class: "fields" },
              block.fields.map((field) => h("div", { class: "text" }, text(field, surface.names))),
            )
          : null,
      ),
      block.accessory ? h("div", { class: "accessory" }, accessory(block, surface)) : null,
    ),
  context: (block, surface) =>
    h(
      "div",
      { class: "context" },
      (block.elements ?? []).map((part) =>
        part.type === "image"
          ? picture(part, "context-image")
          : h("span", { class: "text" }, text(part, surface.names)),
      ),
    ),
  header: (block) => h("h3", { class: "header-block" }, text(block.text)),
  divider: () => h("hr"),
  actions: (block, surface) => {
    const elements = (block.elements ?? []).map((each) => interactive(block.block_id, each, surface)).filter(Boolean);
    return elements.length ? h("div", { class: "actions" }, elements) : null;
  },
  rich_text: (block, surface) => h("div", { class: "text rich" }, richText(block, surface.names)),
  markdown: (block, surface) => h("div", { class: "text markdown" }, markdown(block.text, surface.names)),
  image: (block) =>
    h(
      "figure",
      { class: "image-block" },
      block.title ? h("figcaption", {}, text(block.title)) : null,
      picture(block, "image"),
    ),
  alert: (block, surface) => alert(block.level ?? "default", text(block.text, surface.names)),
  input: inputBlock,
  task_card: taskCard,
  plan,
  table,
  context_actions: (block, surface) => BLOCKS.actions(block, surface),
  container: (block, surface) =>
    h(
      "details",
      { class: "container", open: true },
      h("summary", {}, block.title ? text(block.title, surface.names) : "Details"),
      h("div", { class: "blocks" }, renderBlocks(block.child_blocks ?? [], surface)),
    ),
};

const LEVELS = { info: "Note", success: "Done", warning: "Warning", error: "Error" };

/** An `alert` block, whose level is said in a word too. */
export function alert(level, content) {
  const word = LEVELS[level] ? h("strong", {}, `${LEVELS[level]}: `) : null;
  return h("div", { class: `alert alert-${level}`, role: level === "error" ? "alert" : "note" }, word, content);
}

function accessory(block, surface) {
  if (block.accessory.type === "image") return picture(block.accessory, "thumbnail");
  return interactive(block.block_id, block.accessory, surface);
}

function picture(part, className) {
  const url = part.image_url ?? (part.slack_file?.id ? fileUrl(part.slack_file.id) : "");
  return h("img", {
    src: /^(?:https?:|\/client\/files\/)/.test(url) ? url : null,
    alt: part.alt_text ?? "",
    class: className,
    loading: "lazy",
  });
}

/** @returns {Node[]} the blocks of a message or a view, `null` results left out */
export function renderBlocks(blocks, surface) {
  return blocks
    .map((block) => {
      const render = BLOCKS[block.type];
      if (!render) return h("div", { class: "unsupported" }, `unsupported block: ${block.type}`);
      const node = render(block, surface);
      if (node && block.block_id) node.dataset.block = block.block_id;
      return node;
    })
    .filter(Boolean);
}
