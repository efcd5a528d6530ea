/**
 * Slack's mrkdwn as DOM nodes: *bold*, _italic_, ~strike~, `code`, fences, quotes, and the <…> tokens.
 * Only the three entities Slack encodes are decoded, and only when a text node is made.
 */
import { preformatted } from "./clip.js";
import { h, safeLink } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { fillDateTokens, full, dateOf } from "./time.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

export const decode = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

/** @returns {Node[]} the text as nodes; `names` looks up `user(id)` and `channel(id)`. */
export function mrkdwn(text, names) {
  return text.split(/```/).flatMap((part, index, parts) => {
    if (index % 2 === 0) return lines(index > 0 ? part.replace(/^\n/, "") : part, names);
    if (index === parts.length - 1) return lines("```" + part, names);
    return [preformatted(decode(part.replace(/^\n/, "").replace(/\n$/, "")))];
  });
}

const QUOTE = /^(?:>|&gt;) ?/;

/** Consecutive quoted lines become one blockquote; the rest keeps its line breaks. */
function lines(text, names) {
  const runs = [];
  for (const line of text.split("\n")) {
    const quoted = QUOTE.test(line);
    const last = runs.at(-1);
    if (last?.quoted === quoted) last.lines.push(line);
    else runs.push({ quoted, lines: [line] });
  }
  return runs.flatMap(({ quoted, lines: run }) => {
    const nodes = inline(run.map((line) => (quoted ? line.replace(QUOTE, "") : line)).join("\n"), names);
    return quoted ? [h("blockquote", {}, nodes)] : nodes;
  });
}

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<token>[@#!][^<>\\n]+|(?:https?:|mailto:|tel:)[^<>\\n]+)>",
    "(?<url>https?:\\/\\/[^\\s<>|]+[^\\s<>|.,;:!?)\\]'\"*_~])",
    "(?<![\\w*])\\*(?=\\S)(?<bold>[^*\\n]*[^*\\s])\\*(?![\\w*])",
    "(?<![\\w])_(?=\\S)(?<italic>[^\\n]*?[^_\\s])_(?!\\w)",
    "(?<![\\w~])~(?=\\S)(?<strike>[^~\\n]*[^~\\s])~(?![\\w~])",
  ].join("|"),
  "g",
);

function inline(text, names) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(plain(text.slice(end, match.index)));
    nodes.push(inlineNode(match, names));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(plain(text.slice(end)));
  return nodes;
}

const plain = (text) => withEmoji(decode(text));

function inlineNode(match, names) {
  const { code, token, url, bold, italic, strike } = match.groups;
  if (code !== undefined) return h("code", {}, decode(code));
  if (token !== undefined) return tokenNode(token, names);
  if (url !== undefined) return safeLink(decode(url));
  if (bold !== undefined) return h("strong", {}, inline(bold, names));
  if (italic !== undefined) return h("em", {}, inline(italic, names));
  return h("s", {}, inline(strike, names));
}

function tokenNode(token, names) {
  const [target, label] = split(token, "|");
  if (target.startsWith("@")) return mention(target.slice(1), names, label);
  if (target.startsWith("#")) return channelMention(target.slice(1), names, label);
  if (target.startsWith("!date^")) return dateNode(target, label);
  if (target.startsWith("!subteam^")) return groupMention(target.slice("!subteam^".length), names, label);
  if (target.startsWith("!"))
    return h("span", { class: "mention" }, decode(label ?? `@${target.slice(1).split("^")[0]}`));
  return safeLink(decode(target), decode(label ?? target.replace(/^(?:mailto|tel):/, "")));
}

function split(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/** `@name`, marked when it is the reader. */
export function mention(id, names, label) {
  const user = names.user(id);
  const name = user?.real_name || user?.name || (label && decode(label)) || id;
  return h("span", { class: id === names.me ? "mention mention-me" : "mention" }, `@${name}`);
}

/** `#name`, which leads there when the reader is in it. */
export function channelMention(id, names, label) {
  const channel = names.channel(id);
  const name = `#${channel?.name ?? (label ? decode(label) : id)}`;
  return channel ? h("a", { class: "mention", href: `/archives/${id}` }, name) : h("span", { class: "mention" }, name);
}

/** `@handle` of a group of people. */
export function groupMention(id, names, label) {
  const handle = names.group(id)?.handle ?? (label ? decode(label).replace(/^@/, "") : id);
  return h("span", { class: "mention" }, `@${handle}`);
}

function dateNode(target, fallback) {
  const [, epoch, template = "", link] = target.split("^");
  const known = epoch !== "" && Number.isFinite(Number(epoch));
  if (!known) return decode(fallback ?? "");
  const text = decode(fillDateTokens(epoch, template));
  const time = h("time", { datetime: dateOf(epoch).toISOString(), title: full(epoch) }, text);
  return link ? safeLink(decode(link), time) : time;
}

/** The mrkdwn as one line of plain text, for summaries and labels. */
export function plainText(text, names) {
  const holder = document.createElement("div");
  holder.append(...mrkdwn(text, names));
  return holder.textContent.replace(/\s+/g, " ").trim();
}
