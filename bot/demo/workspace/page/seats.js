/** Who else has something waiting: a face with a count for each, which takes the reader to that person's seat. */
import { fill, h } from "./dom.js";
import { avatar, displayName } from "./people.js";

/** How many decisions wait in all, whoever's. */
export const waitingInAll = (store) => [...store.waiting.values()].reduce((total, count) => total + count, 0);

/** @param {(user: string) => void} act takes another seat */
export function seats({ store }, act) {
  const node = h("div", { class: "seats", "data-testid": "seats" });
  let shown = "";
  store.subscribe(() => {
    const people = [...store.users.values()].filter((user) => user.id !== store.me.id && store.waiting.get(user.id));
    const signature = JSON.stringify(people.map((user) => [user.id, store.waiting.get(user.id)]));
    if (signature === shown) return;
    shown = signature;
    fill(
      node,
      people.map((user) => seat(user, store.waiting.get(user.id), act)),
    );
  });
  return node;
}

function seat(user, count, act) {
  const name = displayName(user);
  return h(
    "button",
    {
      type: "button",
      class: "seat",
      title: `${name}: ${count} waiting`,
      dataset: { focus: user.id },
      onclick: () => act(user.id),
    },
    avatar(user, "small"),
    h("span", { class: "seat-name" }, name),
    h("span", { class: "seat-count" }, String(count)),
    h("span", { class: "only-read-out" }, "waiting"),
  );
}
