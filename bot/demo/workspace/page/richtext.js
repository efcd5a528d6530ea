/** `rich_text` blocks: structured text that is never parsed, so what an app quotes is shown exactly. */
import { preformatted } from "./clip.js";
import { h, safeLink } from "./dom.js";
import { emoji } from "./emoji.js";
import { channelMention, groupMention, mention } from "./mrkdwn.js";
import { dateOf, fillDateTokens } from "./time.js";

const ELEMENTS = {
  text: (element) => element.text,
  link: (element) => safeLink(element.url, element.text ?? element.url),
  user: (element, names) => mention(element.user_id, names),
  channel: (element, names) => channelMention(element.channel_id, names),
  usergroup: (element, names) => groupMention(element.usergroup_id, names),
  broadcast: (element) => h("span", { class: "mention" }, `@${element.range}`),
  emoji: (element) => emoji(element.name),
  color: (element) => h("code", {}, element.value),
  date: (element) =>
    h(
      "time",
      { datetime: dateOf(element.timestamp).toISOString() },
      fillDateTokens(element.timestamp, element.format ?? "{date_short}"),
    ),
};

const STYLES = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
];

function inlineElement(element, names) {
  const render = ELEMENTS[element.type];
  const content = render
    ? render(element, names)
    : h("span", { class: "unsupported" }, `unsupported element: ${element.type}`);
  return STYLES.reduce((node, [style, tag]) => (element.style?.[style] ? h(tag, {}, node) : node), content);
}

const inlineElements = (part, names) => (part.elements ?? []).map((element) => inlineElement(element, names));

const PARTS = {
  rich_text_section: (part, names) => h("div", { class: "rich-section" }, inlineElements(part, names)),
  rich_text_quote: (part, names) => h("blockquote", {}, inlineElements(part, names)),
  rich_text_preformatted: (part, names) => preformatted(inlineElements(part, names)),
  rich_text_list: (part, names) =>
    h(
      part.style === "ordered" ? "ol" : "ul",
      {
        start: part.style === "ordered" && part.offset ? part.offset + 1 : null,
        class: `rich-indent-${Math.min(part.indent ?? 0, 4)}`,
      },
      (part.elements ?? []).map((item) => h("li", {}, inlineElements(item, names))),
    ),
};

/** @returns {Node[]} the parts of a `rich_text` block */
export function richText(block, names) {
  return (block.elements ?? []).map(
    (part) => PARTS[part.type]?.(part, names) ?? h("div", { class: "unsupported" }, `unsupported text: ${part.type}`),
  );
}
