// The one script of the pages. Without it everything can be read and done; with it pages keep current, and logs are followed.

export const script = `'use strict';
(() => {
const every = 5000, longestLog = 300000;
const say = text => { const at = document.getElementById('notice'); if (at && at.textContent !== text) at.textContent = text; };
const button = (text, act) => { const made = document.createElement('button'); made.type = 'button'; made.textContent = text; made.addEventListener('click', () => act(made)); return made; };

// Keeps the parts with data-live current, while somebody looks.
const keepCurrent = () => {
  let paused = false, lost = false, timer, wait = every;
  const later = () => { clearTimeout(timer); if (!paused && !document.hidden) timer = setTimeout(load, wait); };
  const put = page => {
    for (const old of document.querySelectorAll('[data-live]')) {
      const fresh = page.getElementById(old.id);
      if (!fresh || fresh.isEqualNode(old)) continue;
      const selection = getSelection();
      if (!selection.isCollapsed && selection.containsNode(old, true)) continue;
      const focus = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      old.replaceWith(document.adoptNode(fresh));
      if (focus) for (const link of fresh.querySelectorAll('a')) if (link.getAttribute('href') === focus) { link.focus({ preventScroll: true }); break; }
    }
  };
  const load = () => {
    const asking = new XMLHttpRequest();
    asking.open('GET', location.pathname + location.search);
    asking.setRequestHeader('X-Live', '1');
    asking.responseType = 'document';
    asking.timeout = 20000;
    asking.onload = () => {
      if (new URL(asking.responseURL).pathname === '/login') { say('You are logged out. Load this page again to log in.'); return; }
      if (asking.status === 200 && asking.response) { put(asking.response); if (lost) say('hostd answers again.'); lost = false; wait = every; } else fail();
      later();
    };
    const fail = () => { wait = Math.min(wait * 2, 60000); if (!lost) say('hostd does not answer. What is shown here is old.'); lost = true; };
    asking.onerror = asking.ontimeout = () => { fail(); later(); };
    asking.send();
  };
  document.addEventListener('visibilitychange', () => { if (!document.hidden && !paused) load(); else clearTimeout(timer); });
  const place = document.getElementById('pause');
  if (place) place.append(button('Pause', made => { paused = !paused; made.textContent = paused ? 'Go on' : 'Pause'; made.setAttribute('aria-pressed', paused); if (paused) clearTimeout(timer); else load(); }));
  later();
};

// Follows a log. It begins with the log's end once more, so that nothing is missed between the page and this.
const followLog = log => {
  let stop = null;
  // Colours for a terminal are left out, and characters that turn text around are shown.
  const plain = text => text.replace(/\\x1b\\[[\\d;]*m/g, '').replace(/[\\u202a-\\u202e\\u2066-\\u2069\\x1b]/g, '\\ufffd');
  const add = text => {
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(plain(text));
    let over = -longestLog;
    for (const piece of log.childNodes) over += piece.length;
    while (over > 0 && log.firstChild) { over -= log.firstChild.length; log.firstChild.remove(); }
    if (below) log.scrollTop = log.scrollHeight;
  };
  const follow = async made => {
    if (stop) { stop.abort(); return; }
    stop = new AbortController();
    made.textContent = 'Stop following';
    try {
      const answer = await fetch(log.dataset.follow, { signal: stop.signal });
      if (!answer.ok || answer.redirected) throw new Error('');
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let isFirst = true; ; isFirst = false) { const { done, value } = await reader.read(); if (done) break; if (isFirst) log.textContent = ''; add(value); if (isFirst) log.scrollTop = log.scrollHeight; }
      say('The log has ended, or hostd has.');
    } catch (error) {
      if (!stop.signal.aborted) say('The log cannot be followed any more.');
    }
    stop = null;
    made.textContent = 'Follow';
  };
  log.scrollTop = log.scrollHeight;
  const place = document.getElementById('pause');
  const made = button('Follow', follow);
  if (place) place.append(made);
  follow(made);
};

if (document.body.className === 'live') keepCurrent();
const log = document.querySelector('pre[data-follow]');
if (log) followLog(log);
})();
`;
