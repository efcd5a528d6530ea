/** What a person can do on the page. Each changes the store, speaks to the server, or both. */
import * as api from "./api.js";
import { placeAt } from "./links.js";
import { markRead } from "./reads.js";
import { clickKey } from "./store.js";

const NOT_ANSWERED = "The app did not respond. Try again.";

export class Actions {
  constructor(store) {
    this.store = store;
  }

  /** Runs a call; a failure becomes the page's one problem line. Resolves to null then. */
  async attempt(call) {
    try {
      const answer = await call;
      this.store.problem = "";
      return answer;
    } catch (error) {
      this.store.problem = error.message;
      return null;
    } finally {
      this.store.changed();
    }
  }

  openChannel(channel) {
    this.store.place = { channel, thread: null };
    this.store.tab = "messages";
    this.show("conversation");
  }

  /** Opens the app's "home" or its "messages", and tells the app, which may publish a new Home. */
  openTab(tab) {
    this.store.tab = tab;
    this.store.place = { ...this.store.place, thread: null };
    this.show("conversation");
    api.openHome({ user: this.store.me.id, tab }).catch(() => {});
  }

  /** Shows a conversation, or a message where it stands. */
  openPlace({ channel, ts, thread }) {
    const { store } = this;
    if (!ts && store.channels.has(channel)) {
      this.openChannel(channel);
      return;
    }
    if (!store.channels.has(channel) || !store.messages.get(channel)?.has(ts)) {
      store.problem = "That message is not there, or you are not in its conversation.";
      store.changed();
      return;
    }
    store.place = { channel, thread: thread ?? null };
    Object.assign(store, { tab: "messages", target: { channel, ts } });
    this.show(thread ? "thread" : "conversation");
  }

  /** Follows a link of a button: to a message here, else in a window of its own. */
  openLink(url) {
    const place = placeAt(url);
    if (place) this.openPlace(place);
    else window.open(url, "_blank", "noopener");
  }

  openThread(thread, channel = this.store.place.channel) {
    this.store.place = { channel, thread };
    this.show("thread");
  }

  closeThread() {
    this.store.place = { ...this.store.place, thread: null };
    this.show("conversation");
  }

  /** Which column a narrow screen shows. */
  show(column) {
    this.store.column = column;
    if (this.store.place.channel && this.store.me) markRead(this.store, this.store.place.channel);
    this.store.changed();
  }

  /** Posts; a top-level message that the bot will answer opens its thread. Resolves to whether it was posted. A text that
   * starts with "/" is a command: it is answered, not posted. */
  async send(text, thread) {
    const { store } = this;
    const channel = store.channel;
    const body = { user: store.me.id, channel: channel.id, text, ...(thread ? { thread_ts: thread } : {}) };
    const answer = await this.attempt(api.postMessage(body));
    if (!answer) return false;
    if (!answer.message) {
      store.problem = answer.text ?? "";
      return answer.acked;
    }
    if (!store.messages.get(channel.id)?.has(answer.message.ts)) store.putMessage(answer.message);
    const asksBot = channel.kind === "dm" || answer.message.text.includes(`<@${store.bot.id}`);
    const stayed = store.place.channel === channel.id;
    if (!thread && asksBot && stayed) this.openThread(answer.message.ts, channel.id);
    else if (stayed) markRead(store, channel.id);
    return true;
  }

  /** Tells the app that its direct message was opened, as Slack does; it may then suggest what to ask. */
  greet() {
    return api.openHome({ user: this.store.me.id, tab: "messages" }).catch(() => {});
  }

  /** Asks the app to stop what it is doing in a thread. */
  stop(channel, thread) {
    return this.attempt(api.stop({ user: this.store.me.id, channel, thread_ts: thread }));
  }

  edit(message, text) {
    this.store.editing = null;
    return this.attempt(api.editMessage({ user: this.store.me.id, channel: message.channel, ts: message.ts, text }));
  }

  remove(message) {
    return this.attempt(api.deleteMessage({ user: this.store.me.id, channel: message.channel, ts: message.ts }));
  }

  /** What an external select offers for a text. Never fails: `{failed}` says why there is nothing. */
  suggest(place, block, element, value) {
    const body = { user: this.store.me.id, ...place, block_id: block, action_id: element.action_id, value };
    return api.suggest(body).catch((error) => ({ failed: error.message }));
  }

  /** Clicks an element of a message, or of the Home (`{channel: "view", ts}`); it is busy until the app took the click. */
  async click(message, block, element, answer) {
    const { store } = this;
    const key = clickKey(message, block, element.action_id);
    if (store.clicks.get(key) === "busy") return;
    store.clicks.set(key, "busy");
    store.changed();
    const { channel, ts } = message;
    const place = channel === "view" ? { view_id: ts } : { channel, message_ts: ts };
    const body = { user: store.me.id, ...place, block_id: block, action_id: element.action_id };
    try {
      const { acked, text } = await api.act({ ...body, ...answer });
      if (acked && element.type === "feedback_buttons") store.picked.set(key, answer.value);
      if (acked) store.clicks.delete(key);
      else store.clicks.set(key, text ?? NOT_ANSWERED);
    } catch (error) {
      store.clicks.set(key, error.message);
    }
    store.changed();
  }

  /** An element of a modal that tells the app at once. Resolves to "" or the sentence that says why it failed. */
  async clickInView(view, block, element, answer) {
    const body = { user: this.store.me.id, view_id: view.id, block_id: block, action_id: element.action_id, ...answer };
    try {
      const { acked, text } = await api.act(body);
      return acked ? "" : (text ?? NOT_ANSWERED);
    } catch (error) {
      return error.message;
    }
  }

  /** Submits a modal. Resolves to `{}` when it went through, else `{errors}` or `{failed}` for the modal to show. */
  async submitView(view, values) {
    const { store } = this;
    let answer;
    try {
      answer = await api.submitView(view.id, { user: store.me.id, values });
    } catch (error) {
      return { failed: error.message };
    }
    if (answer.errors || answer.failed) return answer;
    const others = store.views.filter((open) => open.id !== view.id);
    if (!answer.view) store.views = others;
    else if (answer.view.id === view.id)
      store.views = store.views.map((open) => (open.id === view.id ? answer.view : open));
    else store.views = [...store.views.filter((open) => open.id !== answer.view.id), answer.view];
    store.changed();
    return {};
  }

  /** Closes all that lie on each other, as Slack's cross does. */
  closeViews() {
    return Promise.all([...this.store.views].reverse().map((view) => this.closeView(view)));
  }

  closeView(view) {
    this.store.views = this.store.views.filter((open) => open.id !== view.id);
    this.store.changed();
    return api.closeView(view.id, { user: this.store.me.id }).catch(() => {});
  }
}
