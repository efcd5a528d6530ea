/**
 * What the page knows, in one place. Parts read it and subscribe; only `events.js` and `actions.js` change it.
 * Changes made in one turn of the event loop are told to the parts once.
 */

/** Two messages of the same conversation order by their `ts`. */
const byTs = (a, b) => Number(a.ts) - Number(b.ts);

export class Store {
  constructor() {
    this.team = { id: "", name: "" };
    this.bot = { id: "", name: "" };
    this.note = "";
    this.waiting = new Map(); // person -> how many messages wait for a decision of theirs
    this.waitingIn = new Map(); // conversation -> how many of them wait for the reader there
    this.commands = []; // of the app: {name, description, usage_hint}
    this.home = null; // the view that the app published to the reader
    this.tab = "messages"; // of the app's direct message: messages or home
    this.sessions = new Map(); // "channel:thread_ts" -> {status, title} of the agent's work there
    this.target = null; // {channel, ts} of a message that is to be shown once it is drawn
    this.me = null;
    this.users = new Map();
    this.groups = new Map(); // of people: id -> {id, handle}
    this.channels = new Map();
    this.messages = new Map(); // channel id -> Map(ts -> message), replies and ephemerals included
    this.place = { channel: null, thread: null };
    this.column = "conversation"; // the one that a phone shows: sidebar, conversation, thread or panel
    this.statuses = new Map(); // "channel:thread_ts" -> what the app says it is doing
    this.prompts = new Map(); // channel id -> {title, prompts} that the app suggests there
    this.clicks = new Map(); // see clickKey -> "busy", or the sentence that says why it failed
    this.picked = new Map(); // see clickKey -> the value of the feedback button that the reader pressed
    this.editing = null; // "channel:ts" of the message whose text is being edited
    this.views = []; // open modals, the top one last
    this.tables = [];
    this.streamConnected = true;
    this.botConnected = true;
    this.problem = ""; // one sentence about a call that failed
    this.listeners = [];
    this.scheduled = false;
  }

  subscribe(listener) {
    this.listeners.push(listener);
  }

  /** Call after changing anything. */
  changed() {
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      for (const listener of this.listeners) listener(this);
    });
  }

  /** How the renderers look names up. */
  get names() {
    return {
      me: this.me?.id,
      user: (id) => this.users.get(id),
      channel: (id) => this.channels.get(id),
      group: (id) => this.groups.get(id),
      users: () => [...this.users.values()],
      channels: () => [...this.channels.values()],
    };
  }

  get channel() {
    return this.channels.get(this.place.channel);
  }

  /** Whether the app's Home is shown in place of messages. */
  get atHome() {
    return this.tab === "home" && this.channel?.kind === "dm";
  }

  channelMessages(channel) {
    return [...(this.messages.get(channel)?.values() ?? [])].sort(byTs);
  }

  /** The messages of the main column: a reply stands in its thread only. */
  roots(channel) {
    return this.channelMessages(channel).filter((message) => !isReply(message));
  }

  thread(channel, ts) {
    return this.channelMessages(channel).filter((message) => message.ts === ts || message.thread_ts === ts);
  }

  replies(channel, ts) {
    return this.thread(channel, ts).filter((message) => message.ts !== ts && !message.ephemeral_to);
  }

  putMessage(message) {
    if (!this.messages.has(message.channel)) this.messages.set(message.channel, new Map());
    this.messages.get(message.channel).set(message.ts, message);
  }
}

export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;
export const clickKey = (message, block, action) => [message.channel, message.ts, block, action].join(" ");
export const statusKey = (channel, thread) => `${channel}:${thread}`;

/** The name of a conversation as a person says it: "#support", or the other side of a direct message. */
export function channelTitle(channel, store) {
  if (channel.kind !== "dm") return channel.name.replace(/^#/, "");
  const other = channel.with && channel.with !== store.me?.id ? channel.with : store.bot.id;
  return store.users.get(other)?.real_name || store.users.get(other)?.name || store.bot.name;
}
