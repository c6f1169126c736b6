"use strict";
const $ = (id) => document.getElementById(id);
const tabs = ["html", "text", "source", "headers"];
let etag = "", current = null, chosenTab = "html", mails = [];

function element(tag, className, text) {
  const e = document.createElement(tag);
  e.className = className;
  e.textContent = text;
  return e;
}

function drawList() {
  const had = document.activeElement?.dataset?.id;
  $("list").replaceChildren(...mails.map((m) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = m.id;
    button.setAttribute("aria-current", String(m.id === current));
    const time = element("time", "", new Date(m.sentAt).toLocaleTimeString());
    time.dateTime = m.sentAt;
    button.append(element("span", "to", m.to), time, element("span", "subject", m.subject));
    if (m.code) button.append(element("span", "code", m.code));
    button.addEventListener("click", () => open(m.id));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  if (had) document.querySelector(`#list button[data-id="${CSS.escape(had)}"]`)?.focus();
  $("clear").disabled = mails.length === 0;
  $("state").textContent = mails.length === 0 ? "Waiting for mail…" : `${mails.length} mail${mails.length === 1 ? "" : "s"}`;
}

function show(tab) {
  chosenTab = tab;
  for (const t of tabs) {
    const on = t === tab;
    $("tab-" + t).setAttribute("aria-selected", String(on));
    $("tab-" + t).tabIndex = on ? 0 : -1;
    $("panel-" + t).hidden = !on;
  }
}

async function open(id) {
  const [mail, source] = await Promise.all([fetch("/api/messages/" + encodeURIComponent(id)), fetch(`/messages/${encodeURIComponent(id)}/source`)]);
  if (!mail.ok || !source.ok) return;
  const m = await mail.json();
  current = id;
  $("subject").textContent = m.subject;
  $("from").textContent = m.from;
  $("to").textContent = m.to;
  $("sent").textContent = new Date(m.sentAt).toLocaleString();
  $("panel-text").textContent = m.text;
  $("panel-source").textContent = await source.text();
  $("headers").replaceChildren(...Object.keys(m.headers).sort().map((name) => {
    const row = document.createElement("tr");
    const th = element("th", "", name);
    th.scope = "row";
    row.append(th, element("td", "", m.headers[name]));
    return row;
  }));
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "");
  frame.title = "The mail's HTML part";
  frame.className = m.html.includes("color-scheme") ? "" : "light";
  frame.src = `/messages/${encodeURIComponent(id)}/html`;
  $("panel-html").replaceChildren(frame);
  $("tab-html").disabled = !m.html;
  show(m.html || chosenTab !== "html" ? chosenTab : "text");
  $("mail").hidden = false;
  drawList();
}

async function poll() {
  try {
    const r = await fetch("/api/summaries", { headers: etag ? { "If-None-Match": etag } : {} });
    if (r.status === 200) {
      etag = r.headers.get("ETag") ?? "";
      const newest = mails[0]?.id;
      mails = await r.json();
      drawList();
      if (mails.length === 0) { current = null; $("mail").hidden = true; }
      else if (mails[0].id !== newest && (current === null || current === newest)) await open(mails[0].id);
    } else if (r.status === 304) {
      drawState();
    }
  } catch {
    etag = "";
    $("state").textContent = "The sandbox has stopped; this page goes on when it is back.";
  }
  setTimeout(poll, document.hidden ? 5000 : 1000);
}

function drawState() {
  if ($("state").textContent.startsWith("The sandbox")) drawList();
}

for (const [i, t] of tabs.entries()) {
  $("tab-" + t).addEventListener("click", () => show(t));
  $("tab-" + t).addEventListener("keydown", (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    let next = i;
    do next = (next + step + tabs.length) % tabs.length; while ($("tab-" + tabs[next]).disabled);
    show(tabs[next]);
    $("tab-" + tabs[next]).focus();
  });
}
$("clear").addEventListener("click", async () => {
  await fetch("/api/messages", { method: "DELETE" });
  etag = "";
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) etag = ""; });
show("html");
poll();
