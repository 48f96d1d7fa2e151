// What waits, kept up to date, and answered without reloading. Without this script the pages work all the same.
"use strict";
(() => {
  const queue = document.getElementById("queue");
  const live = document.getElementById("live");
  const told = document.getElementById("told");
  const POLL = 15000, RETRY = 3000, PAUSE = 250;
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  const fragment = (url, options = {}) => fetch(url, {
    ...options, headers: { ...options.headers, "X-Fragment": "1" }, credentials: "same-origin", cache: "no-store",
  });
  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
  const say = (text) => { if (told) told.textContent = text; };

  // Time left: counted from when the card came, for a phone's clock may be wrong.
  const ends = new WeakMap();
  const tick = () => {
    for (const left of document.querySelectorAll(".left[data-left]")) {
      if (!ends.has(left)) ends.set(left, performance.now() + Number(left.dataset.left) * 1000);
      const seconds = Math.max(0, Math.round((ends.get(left) - performance.now()) / 1000));
      const shown = left.querySelector("b");
      const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      if (shown.textContent !== text) shown.textContent = text;
      left.classList.toggle("soon", seconds < Number(left.dataset.of) / 3 && seconds >= 60);
      left.classList.toggle("last", seconds < 60);
      if (seconds === 0 && !left.dataset.over) { left.dataset.over = "1"; refresh(); }
    }
  };
  setInterval(tick, 1000);
  tick();

  // Answers; a card whose answer is under way is left alone, and what came of it is seen for a while.
  const SHOWN = 20000;
  const sending = new Set(), settled = new WeakMap();
  const cardOf = (form) => form.closest(".card");
  const alertIn = (card, text, link) => {
    const alert = card.querySelector(":scope > .alert");
    alert.textContent = text;
    if (link) {
      const a = document.createElement("a");
      a.href = link; a.textContent = " Sign in";
      alert.append(a);
    }
    alert.hidden = false;
  };
  const busy = (card, on, button) => {
    for (const item of card.querySelectorAll("button")) item.disabled = on;
    button?.classList.toggle("busy", on);
  };
  const settle = (card, html) => {
    const said = parsed(html).querySelector(".answered");
    if (!said) { location.reload(); return; }
    card.replaceWith(document.adoptNode(said));
    settled.set(said, performance.now());
    said.focus({ preventScroll: true });
    count();
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target, card = cardOf(form);
    if (!card || form.method !== "post") return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    alertIn(card, ""); card.querySelector(":scope > .alert").hidden = true;
    busy(card, true, event.submitter);
    sending.add(card);
    try {
      const answer = await fragment(form.action, { method: "POST", body });
      const text = await answer.text();
      if (answer.ok) { settle(card, text); return; }
      const alert = parsed(text).querySelector(".alert");
      alertIn(card, alert ? alert.textContent.trim() : `Not done: the answer was ${answer.status}.`,
        answer.status === 401 ? `/?next=${encodeURIComponent(location.pathname)}` : null);
      if (alert?.dataset.settled) gone(card);
    } catch {
      alertIn(card, "Not sent: there is no connection. Nothing was decided; try again.");
    } finally {
      sending.delete(card);
      busy(card, card.classList.contains("gone"), event.submitter);
    }
  });

  // What is opened is seen whole, above the tabs at the thumb.
  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches(".answer")) event.target.scrollIntoView({ block: "nearest" });
  }, true);

  // The menu closes by Escape, and by a tap beside it.
  const menu = document.querySelector(".me");
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu?.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  addEventListener("click", (event) => { if (menu?.open && !menu.contains(event.target)) menu.open = false; });

  // A choice is shown as soon as it is made.
  document.addEventListener("change", (event) => {
    if (event.target.matches(".pick select")) event.target.form.requestSubmit();
  });

  // What changed
  const isTouched = (card) => sending.has(card) || card.contains(document.activeElement) && document.activeElement !== card
    || [...card.querySelectorAll("details[open] input")].some((input) => input.value);
  const gone = (card) => {
    card.classList.add("gone");
    for (const item of card.querySelectorAll("button, input, summary")) item.disabled = true;
    card.querySelector(".answers")?.remove();
  };
  const count = () => {
    const waiting = document.querySelectorAll(".cards .card:not(.gone)").length;
    const more = document.querySelector(".cards")?.dataset.count?.endsWith("+") ? "+" : "";
    if (queue) document.title = waiting ? `(${waiting}${more}) ${title}` : title;
  };
  const merge = (fresh) => {
    const list = queue.querySelector(".cards"), next = fresh.querySelector(".cards");
    if (!list) { queue.replaceChildren(...fresh.childNodes); queue.querySelectorAll(".card").forEach(arrive); return; }
    const wanted = new Map([...fresh.querySelectorAll(".card")].map((card) => [card.dataset.id, card]));
    for (const card of list.querySelectorAll(".card")) {
      const other = wanted.get(card.dataset.id);
      if (!other) leave(card);
      else if (other.dataset.version !== card.dataset.version && !isTouched(card)) card.replaceWith(other);
      else retime(card, other);
    }
    for (const item of list.querySelectorAll(".answered")) {
      if (performance.now() - settled.get(item) > SHOWN) item.remove();
    }
    for (const [id, card] of wanted) {
      if (!list.querySelector(`[data-id="${CSS.escape(id)}"]`)) { list.append(card); arrive(card); }
    }
    if (!next && !list.children.length) { queue.replaceChildren(...fresh.childNodes); return; }
    list.dataset.count = next?.dataset.count ?? "0";
    const pager = queue.querySelector(".pager"), pages = fresh.querySelector(".pager");
    if (pager && pages) pager.replaceWith(pages); else if (pages) queue.append(pages); else pager?.remove();
  };
  const retime = (card, other) => {
    const left = card.querySelector(".left");
    left.dataset.left = other.querySelector(".left").dataset.left;
    ends.delete(left);
  };
  const leave = (card) => {
    if (sending.has(card) || card.classList.contains("gone")) return;
    if (isTouched(card)) { gone(card); alertIn(card, "Somebody else answered, or its time is up."); }
    else card.remove();
  };
  const arrive = (card) => {
    card.classList.add("fresh");
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(60);
    say(`New: ${card.querySelector("h2").textContent} asks for ${card.querySelector(".amount").textContent}.`);
  };

  // Looking again: one look at a time, and one more if something changed meanwhile.
  let looking = null, again = false;
  const connected = (on, text) => {
    if (!live) return;
    live.hidden = false;
    live.classList.toggle("off", !on);
    const words = text ?? (on ? "Live" : "No connection");
    if (live.textContent !== words) live.textContent = words;
  };
  const look = async () => {
    const answer = await fragment(queue.dataset.url);
    if (answer.status === 401) { location.assign(`/?next=${encodeURIComponent(location.pathname)}`); return; }
    if (!answer.ok) throw new Error(String(answer.status));
    merge(parsed(await answer.text()).body);
    tick(); count();
    connected(true);
  };
  async function refresh() {
    if (!queue) return;
    if (looking) { again = true; return; }
    looking = look();
    try { await looking; } catch { connected(false); setTimeout(refresh, RETRY); } finally { looking = null; }
    if (again) { again = false; setTimeout(refresh, PAUSE); }
  }

  if (queue) {
    let source = null;
    const names = ["pending", "approved", "declined", "expired", "climbed"].map((name) => `comp.${name}`);
    const listen = () => {
      source?.close();
      source = new EventSource(queue.dataset.events);
      for (const name of [...names, "reset"]) source.addEventListener(name, refresh);
      source.onopen = () => { connected(true); refresh(); };
      source.onerror = () => {
        connected(false);
        if (source.readyState === EventSource.CLOSED) setTimeout(() => { refresh(); listen(); }, RETRY);
      };
    };
    listen();
    setInterval(() => { if (!document.hidden) refresh(); }, POLL);
    addEventListener("online", () => { refresh(); listen(); });
    addEventListener("offline", () => connected(false));
    addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
    document.addEventListener("keydown", (event) => {
      if (event.target.closest("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { j: 1, k: -1 }[event.key];
      if (!step) return;
      const cards = [...document.querySelectorAll(".cards .card")];
      const at = cards.findIndex((card) => card.contains(document.activeElement));
      cards[Math.min(cards.length - 1, Math.max(0, at + step))]?.focus();
    });
  }
})();
