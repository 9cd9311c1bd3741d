// Keeps the client's own files, always all of one version, so that the page opens while the server cannot be reached and says so itself.
// While it can be reached the page comes from the server, and nothing here stands between: a new version is there at the next load. Nothing
// else is kept: pictures, sealed or not, never pass through here, since they come by WebSocket and WebRTC.
// (W3C Service Workers; served under this very name, without a hash, because a registration is bound to its address.)
'use strict';

const prefix = 'sealcam client ';
const hashed = /^\/[A-Za-z0-9_-]+\.[0-9a-f]{12}\.[a-z0-9]+$/;
// How long the server may take to answer, in ms, before the page is opened without it.
const patience = 6000;
const mostFiles = 64;
const mostBytes = 64e6;

// offline tells that the page was last opened without the server, so that the files which it asks for now come from here as well.
let offline = false;

addEventListener('install', () => skipWaiting());

addEventListener('message', (event) => {
  if (event.data === 'keep') event.waitUntil(keep().catch(() => {})); // storage is full or blocked, or the server went away
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') {
    if (url.pathname === '/') event.respondWith(open(request));
  } else if (offline && hashed.test(url.pathname)) {
    event.respondWith(caches.match(url.pathname, { ignoreVary: true }).then((kept) => kept || fetch(request)));
  }
});

const versions = async () => (await caches.keys()).filter((name) => name.startsWith(prefix));

// whole returns the page of a version of which every file is here, or nothing. The page is put in last.
const whole = async () => {
  for (const name of await versions()) {
    const page = await (await caches.open(name)).match('/', { ignoreVary: true });
    if (page) return page;
  }
  return null;
};

// open answers with the server's page, or with the kept one if the server does not answer.
const open = async (request) => {
  const network = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, patience, null));
  let answer = null;
  try {
    answer = await Promise.race([network, late]);
  } catch {
    // no connection
  }
  if (answer && ![502, 503, 504].includes(answer.status)) { // of a proxy before a server that is gone
    offline = false;
    return answer;
  }
  const page = await whole().catch(() => null);
  if (!page) return answer || network;
  network.catch(() => {});
  offline = true;
  const headers = new Headers(page.headers);
  for (const name of ['Content-Encoding', 'Content-Length', 'ETag']) headers.delete(name);
  const text = await page.text();
  return new Response(text.replace('<body ', '<body data-offline="true" '), { status: 200, headers });
};

// keep brings what is kept to the server's version: all of its files, or none of them.
const keep = async () => {
  const page = await fetch('/', { cache: 'no-cache', redirect: 'error' });
  if (page.status !== 200 || !/^text\/html\b/.test(page.headers.get('Content-Type'))) return;
  const text = await page.clone().text();
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const name = prefix + Array.from(sum.subarray(0, 12), (b) => b.toString(16).padStart(2, '0')).join('');
  const cache = await caches.open(name);
  if (!(await cache.match('/', { ignoreVary: true }))) {
    try {
      await cache.addAll(files(text));
      await cache.put('/', page);
    } catch (error) {
      await caches.delete(name);
      throw error;
    }
  }
  for (const other of await versions()) {
    if (other !== name) await caches.delete(other);
  }
};

// files returns the addresses of what the page needs. Programs that are fetched only when somebody wants them are of no use without a server.
const files = (text) => {
  const list = JSON.parse(/<script type="application\/json" id="assets">(.*?)<\/script>/s.exec(text)[1]);
  const needed = Object.entries(list).filter(([name, { url }]) => hashed.test(url) && (name === 'sealcam.wasm' || !name.endsWith('.wasm')));
  const bytes = needed.reduce((sum, [, asset]) => sum + asset.bytes, 0);
  if (!needed.some(([name]) => name === 'sealcam.wasm') || needed.length > mostFiles || bytes > mostBytes) throw new Error('no client');
  return needed.map(([, { url }]) => url);
};
