/** "3 replies, last today at 14:02": what the main column shows of a thread. */
import { h } from "./dom.js";
import { avatar } from "./people.js";
import { doing } from "./status.js";
import { moment } from "./time.js";

const FACES = 4;

/** @returns {{signature: string, draw: () => Node}|null} null when nobody answered yet and nobody is about to */
export function summary(message, { store, actions }) {
  const replies = store.replies(message.channel, message.ts);
  const status = doing(store, message.channel, message.ts);
  const count = Math.max(replies.length, message.reply_count ?? 0);
  if (!count && !status) return null;
  const open = store.place.thread === message.ts && store.place.channel === message.channel;
  const last = replies.at(-1)?.ts;
  const people = [...new Set(replies.map((reply) => reply.user))].slice(0, FACES);
  return {
    signature: JSON.stringify([count, last, people, status, open]),
    draw: () =>
      h(
        "button",
        {
          type: "button",
          class: `summary ${open ? "open" : ""}`,
          dataset: { focus: "summary" },
          onclick: () => actions.openThread(message.ts, message.channel),
        },
        people.map((id) => avatar(store.users.get(id), "tiny")),
        count ? h("span", { class: "summary-count" }, count === 1 ? "1 reply" : `${count} replies`) : null,
        h(
          "span",
          { class: "summary-last" },
          status || (last ? `Last reply ${moment(last)}` : ""),
        ),
      ),
  };
}
