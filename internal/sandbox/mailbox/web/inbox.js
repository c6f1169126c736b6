"use strict";
const $ = (id) => document.getElementById(id);
const tabs = ["html", "text", "source", "headers"];
// chosen: the reader opened the mail that is shown, so a newer one does not replace it.
let etag = "", current = null, chosen = false, chosenTab = "html", mails = [];

// wanted has the mails to the address of the filter. It is in the page's URL too: #to=user@example.com.
// Text in front of an @ is a whole name: the mail of superuser@example.com is not user@example.com's.
const filter = () => $("filter").value.trim().toLowerCase();
const wanted = () => mails.filter((m) => {
  const to = m.to.toLowerCase(), text = filter();
  return text.indexOf("@") > 0 ? to.startsWith(text) : to.includes(text);
});

function element(tag, className, text) {
  const e = document.createElement(tag);
  e.className = className;
  e.textContent = text;
  return e;
}

function drawList() {
  const had = document.activeElement?.dataset?.id;
  const list = $("list"), below = list.scrollHeight - list.scrollTop, scrolled = list.scrollTop > 0;
  list.replaceChildren(...wanted().map((m) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.id = m.id;
    button.setAttribute("aria-current", String(m.id === current));
    const time = element("time", "", new Date(m.sentAt).toLocaleTimeString());
    time.dateTime = m.sentAt;
    button.append(element("span", "to", m.to), time, element("span", "subject", m.subject));
    if (m.code) button.append(element("span", "code", m.code));
    button.addEventListener("click", () => { chosen = true; open(m.id); });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
  // A new mail on top moves nothing that the reader looks at.
  if (scrolled) list.scrollTop = list.scrollHeight - below;
  if (had) document.querySelector(`#list button[data-id="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
  $("clear").disabled = mails.length === 0;
  const n = wanted().length;
  $("state").textContent = mails.length === 0 ? "Waiting for mail…"
    : n < mails.length ? `${n} of ${mails.length} mails` : `${n} mail${n === 1 ? "" : "s"}`;
  drawNewest();
}

function drawNewest() {
  const m = wanted().find((m) => m.code), shown = mails.find((m) => m.id === current);
  $("newest").hidden = !m;
  // An older mail that the reader opened has a button of its own.
  $("copy-mail").hidden = !shown?.code || shown.id === m?.id;
  if (shown?.code && $("copy-mail").dataset.code !== shown.code) {
    $("copy-mail").dataset.code = shown.code;
    $("copy-mail").textContent = "Copy " + shown.code;
  }
  if (!m) return;
  if ($("newest-code").textContent !== m.code || $("newest-time").dateTime !== m.sentAt) $("copy").textContent = "Copy";
  $("newest-code").textContent = m.code;
  $("newest-to").textContent = m.to;
  $("newest-time").textContent = new Date(m.sentAt).toLocaleTimeString();
  $("newest-time").dateTime = m.sentAt;
}

async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code.replace(/\s/g, ""));
    button.textContent = "Copied";
  } catch {
    // The button's own text is the code where there is no large one.
    getSelection().selectAllChildren(button === $("copy") ? $("newest-code") : button);
    if (button === $("copy")) button.textContent = "Selected";
  }
}
const copyNewest = () => copy($("copy"), $("newest-code").textContent);
const copyShown = () => copy($("copy-mail"), $("copy-mail").dataset.code);

function filtered() {
  const to = $("filter").value.trim();
  history.replaceState(null, "", to ? "#to=" + encodeURIComponent(to) : location.pathname);
  chosen = false;
  drawList();
  newest();
}

// newest opens the newest mail, unless the reader chose another one that is still listed.
async function newest() {
  const shown = wanted();
  if (shown.length === 0) { current = null; chosen = false; $("mail").hidden = true; document.body.classList.remove("reading"); }
  else if (shown[0].id !== current && !(chosen && shown.some((m) => m.id === current))) await open(shown[0].id);
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
  document.body.classList.toggle("reading", chosen);
  drawList();
}

async function poll() {
  try {
    const r = await fetch("/api/summaries", { headers: etag ? { "If-None-Match": etag } : {} });
    if (r.status === 200) {
      etag = r.headers.get("ETag") ?? "";
      mails = await r.json();
      drawList();
      await newest();
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
$("copy").addEventListener("click", copyNewest);
$("copy-mail").addEventListener("click", copyShown);
$("back").addEventListener("click", () => { document.body.classList.remove("reading"); drawList(); });
$("filter").addEventListener("input", filtered);
document.addEventListener("keydown", (e) => {
  const typing = e.target === $("filter");
  if (e.ctrlKey || e.metaKey || e.altKey || (typing && e.key !== "Escape")) return;
  if (e.key === "Escape") { $("filter").value = ""; $("filter").blur(); filtered(); }
  else if (e.key === "/") $("filter").focus();
  else if (e.key === "c" && !$("newest").hidden) copyNewest();
  else if ((e.key === "ArrowDown" || e.key === "ArrowUp") && !e.target.closest("[role=tabpanel]")) {
    const buttons = [...document.querySelectorAll("#list button")];
    const at = buttons.findIndex((b) => b.dataset.id === current);
    const next = buttons[Math.min(buttons.length - 1, Math.max(0, at + (e.key === "ArrowDown" ? 1 : -1)))];
    next?.focus();
    next?.click();
  } else return;
  e.preventDefault();
});
function fromURL() {
  const to = new URLSearchParams(location.hash.slice(1)).get("to");
  if (to !== null) { $("filter").value = to; filtered(); }
}
addEventListener("hashchange", fromURL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) etag = ""; });
show("html");
fromURL();
poll();
