/**
 * The subset of standard Markdown that `markdown` blocks and streamed answers use: headings, bold, italic, strike,
 * code, fences, quotes, lists, tables, links. Slack's <…> tokens work in it too. Raw HTML stays text.
 */
import { preformatted, scrollable } from "./clip.js";
import { h, safeLink } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { channelMention, decode, mention } from "./mrkdwn.js";

let tables = 0; // counted for their names

const BLOCKS = [
  { starts: /^```/, read: readFence },
  { starts: /^#{1,6}\s+/, read: readHeading },
  { starts: /^(?:-{3,}|\*{3,}|_{3,})\s*$/, read: (rest) => [h("hr"), rest.slice(1)] },
  { starts: /^(?:>|&gt;) ?/, read: readQuote },
  { starts: /^\s*(?:[-*+]|\d+[.)])\s+/, read: readList },
  { starts: /^\s*\|.*\|\s*$/, read: readTable },
];

/** @returns {Node[]} */
export function markdown(text, names) {
  const nodes = [];
  let rest = text.split("\n");
  while (rest.length) {
    const block = BLOCKS.find(({ starts }) => starts.test(rest[0]));
    const [node, remaining] =
      rest[0].trim() === "" ? [null, rest.slice(1)] : (block?.read ?? readParagraph)(rest, names);
    if (node) nodes.push(node);
    rest = remaining;
  }
  return nodes;
}

const take = (rest, test) => {
  const end = rest.findIndex((line) => !test(line));
  return end < 0 ? rest : rest.slice(0, end);
};

function readParagraph(rest, names) {
  const starts = (line) => line.trim() === "" || BLOCKS.some((block) => block.starts.test(line));
  const run = [rest[0], ...take(rest.slice(1), (line) => !starts(line))];
  return [h("p", {}, inline(run.join("\n"), names)), rest.slice(run.length)];
}

function readFence(rest) {
  const body = take(rest.slice(1), (line) => !line.startsWith("```"));
  return [preformatted(body.map(decode).join("\n")), rest.slice(body.length + 2)];
}

function readHeading(rest, names) {
  const [, marks, text] = /^(#{1,6})\s+(.*)$/.exec(rest[0]) ?? [null, "#", ""];
  return [h("h3", { class: `md-heading md-heading-${marks.length}` }, inline(text, names)), rest.slice(1)];
}

function readQuote(rest, names) {
  const run = take(rest, (line) => BLOCKS[3].starts.test(line));
  return [
    h("blockquote", {}, markdown(run.map((line) => line.replace(BLOCKS[3].starts, "")).join("\n"), names)),
    rest.slice(run.length),
  ];
}

const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;

function readList(rest, names) {
  const run = take(rest, (line) => ITEM.test(line) || /^\s{2,}\S/.test(line));
  const indent = ITEM.exec(run[0])[1].length;
  const items = [];
  for (const line of run) {
    const match = ITEM.exec(line);
    if (match && match[1].length <= indent) items.push([match[3]]);
    else items.at(-1).push(line.slice(Math.min(indent + 2, line.search(/\S/))));
  }
  const ordered = /\d/.test(ITEM.exec(run[0])[2]);
  const start = ordered ? parseInt(ITEM.exec(run[0])[2], 10) : null;
  const list = h(
    ordered ? "ol" : "ul",
    { start },
    items.map(([first, ...more]) => h("li", {}, inline(first, names), markdown(more.join("\n"), names))),
  );
  return [list, rest.slice(run.length)];
}

const cells = (line) =>
  line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());

function readTable(rest, names) {
  const run = take(rest, (line) => BLOCKS[5].starts.test(line));
  const hasHead = run.length > 1 && cells(run[1]).every((cell) => /^:?-+:?$/.test(cell));
  const row = (tag) => (line) =>
    h(
      "tr",
      {},
      cells(line).map((cell) => h(tag, {}, inline(cell, names))),
    );
  const head = hasHead ? h("thead", {}, row("th")(run[0])) : null;
  const body = h("tbody", {}, (hasHead ? run.slice(2) : run).map(row("td")));
  return [
    scrollable(h("div", { class: "md-table" }, h("table", {}, head, body)), `Table ${++tables}`),
    rest.slice(run.length),
  ];
}

const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<token>[@#][^<>\\s|]+)(?:\\|[^<>]*)?>",
    "<?(?<![\\w(])(?<url>https?:\\/\\/[^\\s<>)]+[^\\s<>).,;:!?*_~])>?",
    "\\[(?<label>[^\\]\\n]+)\\]\\((?<href>[^\\s)]+)\\)",
    "\\*\\*(?=\\S)(?<bold>.+?\\S|\\S)\\*\\*",
    "__(?=\\S)(?<strong>[^\\n]*?[^\\s_])__(?!\\w)",
    "(?<![\\w*])\\*(?=[^\\s*])(?<italic>[^*\\n]*[^*\\s])\\*(?!\\w)",
    "(?<!\\w)_(?=[^\\s_])(?<em>[^\\n]*?[^\\s_])_(?!\\w)",
    "~~(?=\\S)(?<strike>[^~\\n]+)~~",
    "\\\\(?<escaped>[\\\\`*_{}\\[\\]()#+.!|<>~-])",
  ].join("|"),
  "g",
);

function inline(text, names) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(withEmoji(decode(text.slice(end, match.index))));
    nodes.push(inlineNode(match.groups, names));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(withEmoji(decode(text.slice(end))));
  return nodes;
}

function inlineNode(found, names) {
  if (found.code !== undefined) return h("code", {}, decode(found.code));
  if (found.token !== undefined)
    return found.token[0] === "@" ? mention(found.token.slice(1), names) : channelMention(found.token.slice(1), names);
  if (found.url !== undefined) return safeLink(decode(found.url));
  if (found.href !== undefined) return safeLink(decode(found.href), inline(found.label, names));
  if (found.escaped !== undefined) return found.escaped;
  if (found.strike !== undefined) return h("s", {}, inline(found.strike, names));
  const bold = found.bold ?? found.strong;
  return bold !== undefined
    ? h("strong", {}, inline(bold, names))
    : h("em", {}, inline(found.italic ?? found.em, names));
}
