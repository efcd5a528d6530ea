/** Applies one server-sent event to the store. An unknown type is ignored: a newer server may tell more. */
import { statusKey } from "./store.js";

const HANDLERS = {
  message: putMessage,
  message_changed: putMessage,
  ephemeral: putMessage,
  message_deleted: deleteMessage,
  view_opened: openView,
  view_updated: updateView,
  view_closed: closeView,
  status: setStatus,
  tables: (store, event) => {
    if (event.tables) store.tables = event.tables;
  },
  prompts: (store, event) => {
    if (!event.thread_ts) store.prompts.set(event.channel, event);
  },
  waiting: (store, event) => {
    store.waiting = new Map(Object.entries(event.waiting));
    store.waitingIn = new Map(Object.entries(event.waiting_in[store.me.id] ?? {}));
  },
  home: (store, event) => {
    store.home = event.view;
  },
  session: (store, event) => {
    store.sessions.set(statusKey(event.channel, event.thread_ts), event.session);
  },
  click_failed: failClick,
  bot: (store, event) => {
    store.botConnected = event.connected;
    for (const [key, state] of store.clicks) if (event.connected && state !== "busy") store.clicks.delete(key);
  },
};

export function applyEvent(store, event) {
  HANDLERS[event.type]?.(store, event);
  store.changed();
}

function putMessage(store, event) {
  const message = event.message;
  store.putMessage(message);
  const spoke = message.user === store.bot.id && message.thread_ts && event.type === "message";
  if (spoke) store.statuses.delete(statusKey(message.channel, message.thread_ts));
}

function deleteMessage(store, event) {
  const { channel, ts } = event.message ?? event;
  store.messages.get(channel)?.delete(ts);
  if (store.place.channel === channel && store.place.thread === ts && !store.replies(channel, ts).length) {
    store.place = { ...store.place, thread: null };
  }
}

function openView(store, event) {
  store.views = [...store.views.filter((view) => view.id !== event.view.id), event.view];
}

function updateView(store, event) {
  store.views = store.views.map((view) => (view.id === event.view.id ? event.view : view));
}

function closeView(store, event) {
  store.views = store.views.filter((view) => view.id !== event.view.id);
}

function setStatus(store, { channel, thread_ts: thread, status }) {
  if (status) store.statuses.set(statusKey(channel, thread), status);
  else store.statuses.delete(statusKey(channel, thread));
}

/** The server knows no block id, so the buttons of that action that wait are the ones that failed. */
function failClick(store, event) {
  const start = event.view_id ? `view ${event.view_id} ` : `${event.channel} ${event.message_ts} `;
  for (const [key, state] of store.clicks) {
    const waits = state === "busy" && key.startsWith(start) && key.endsWith(` ${event.action_id}`);
    if (waits) store.clicks.set(key, event.text);
  }
}
