/**
 * Standard Markdown, which `markdown` blocks and streamed answers use. The library says what a text means, this file
 * makes the nodes. What Slack does otherwise: its <…> tokens work, raw HTML stays text, and an image is a link.
 */
import { preformatted, scrollable } from "./clip.js";
import { h, safeLink } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { channelMention, decode, mention } from "./mrkdwn.js";
import { Marked } from "./vendor/marked/marked.esm.js";

const none = () => undefined;

const TOKEN = /^<(?:(?<kind>[@#])(?<id>[^<>\s|]+)(?:\|[^<>]*)?|(?<href>https?:[^<>\s|]+)\|(?<label>[^<>]+))>/;

const SLACK_TOKEN = {
  name: "slack",
  level: "inline",
  start: (source) => source.search(/<[@#h]/),
  tokenizer: (source) => {
    const match = TOKEN.exec(source);
    return match ? { type: "slack", raw: match[0], ...match.groups } : undefined;
  },
};

const reader = new Marked({ gfm: true, tokenizer: { html: none, tag: none }, extensions: [SLACK_TOKEN] });

/** @returns {Node[]} */
export const markdown = (text, names) => nodes(reader.lexer(text), names);

const nodes = (tokens, names) => (tokens ?? []).flatMap((token) => MAKE[token.type]?.(token, names) ?? token.raw);

const around = (tag) => (token, names) => h(tag, {}, nodes(token.tokens, names));

let tables = 0; // counted for their names

function table({ header, rows }, names) {
  const cell = (tag) => (part) => h(tag, {}, nodes(part.tokens, names));
  const body = rows.map((row) => h("tr", {}, row.map(cell("td"))));
  const node = h("table", {}, h("thead", {}, h("tr", {}, header.map(cell("th")))), h("tbody", {}, body));
  return scrollable(h("div", { class: "md-table" }, node), `Table ${++tables}`);
}

function list({ ordered, start, items }, names) {
  const box = (item) => (item.task ? `${item.checked ? "☑" : "☐"} ` : null);
  const rows = items.map((item) => h("li", {}, box(item), nodes(item.tokens, names)));
  return h(ordered ? "ol" : "ul", { start: ordered && start !== 1 ? start : null }, rows);
}

const MAKE = {
  space: () => [],
  def: () => [],
  checkbox: () => [],
  hr: () => h("hr"),
  br: () => h("br"),
  heading: ({ depth, tokens }, names) =>
    h("h3", { class: `md-heading md-heading-${depth}` }, nodes(tokens, names)),
  paragraph: around("p"),
  blockquote: around("blockquote"),
  strong: around("strong"),
  em: around("em"),
  del: around("s"),
  code: ({ text }) => preformatted(decode(text)),
  codespan: ({ text }) => h("code", {}, decode(text)),
  list,
  table,
  text: (token, names) => (token.tokens ? nodes(token.tokens, names) : withEmoji(decode(token.text))),
  escape: ({ text }) => text,
  link: ({ href, tokens }, names) => safeLink(decode(href), nodes(tokens, names)),
  image: ({ href, text }) => safeLink(decode(href), decode(text || href)),
  slack: ({ kind, id, href, label }, names) => {
    if (href) return safeLink(decode(href), decode(label));
    return kind === "@" ? mention(id, names) : channelMention(id, names);
  },
};
