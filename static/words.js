// Chooses the page's language before anything is drawn, fetches that language's sentences while the viewer loads, and says them: a
// sentence is named by its English text, in scripts, in the page and in the client (package viewer/words).
'use strict';
(() => {
  // Keep them in step with static/catalogue.
  const languages = ['en', 'de', 'fr', 'zh-Hant', 'zh-Hans'];
  const place = 'sealcam.language';

  // match returns the language of ours that a BCP 47 tag asks for, if there is one.
  const match = (tag) => {
    const parts = tag.toLowerCase().split(/[-_]/);
    if (parts[0] !== 'zh') return languages.find((l) => l === parts[0]);
    if (parts.includes('hans')) return 'zh-Hans';
    return ['hant', 'tw', 'hk', 'mo'].some((p) => parts.includes(p)) ? 'zh-Hant' : 'zh-Hans';
  };

  // chosen is what a person chose on this device; empty if the browser decides.
  const chosen = () => {
    try {
      const saved = localStorage.getItem(place);
      return languages.includes(saved) ? saved : '';
    } catch {
      return ''; // storage is blocked
    }
  };

  // choose keeps a choice; empty lets the browser decide. It returns whether it could be kept.
  const choose = (language) => {
    try {
      if (language) localStorage.setItem(place, language);
      else localStorage.removeItem(place);
      return true;
    } catch {
      return false;
    }
  };

  const preferred = () => navigator.languages || [navigator.language || ''];
  const offered = () => preferred().map(match).find(Boolean);
  let language = chosen() || offered() || 'en';
  let sentences = new Map();
  let text = '';

  // t says a sentence. Its %s and %d, or %[2]s to take them in another order, are replaced by args.
  const t = (english, ...args) => {
    let next = 0;
    return (sentences.get(english) || english).replace(/%(?:\[(\d+)\])?([sd%])/g, (_, at, verb) => {
      if (verb === '%') return '%';
      return String(args[at ? at - 1 : next++]);
    });
  };

  // key is what names the sentence that an element holds: its text, with the elements in it as <b>text</b>.
  const key = (element) => {
    const parts = [...element.childNodes].map((n) => {
      if (n.nodeType === Node.TEXT_NODE) return n.data;
      return n.nodeType === Node.ELEMENT_NODE ? `<${n.localName}>${n.textContent}</${n.localName}>` : '';
    });
    return parts.join('').replace(/\s+/g, ' ').trim();
  };

  // fill writes a translation into an element. The elements in it stay the same ones; they may stand in another order.
  const fill = (element, translation) => {
    const inner = [...element.children];
    const nodes = translation.split(/(<[a-z0-9]+>[^<]*<\/[a-z0-9]+>)/).map((part) => {
      const [, name, words] = part.match(/^<([a-z0-9]+)>([^<]*)</) || [];
      const at = inner.findIndex((e) => e.localName === name);
      if (at < 0) return part;
      const [child] = inner.splice(at, 1);
      if (child.textContent !== words) child.textContent = words;
      return child;
    });
    element.replaceChildren(...nodes, ...inner);
  };

  const attributes = ['aria-label', 'title', 'placeholder', 'alt'];
  const untouched = 'script, style, noscript, svg, [translate="no"]';

  // translate puts what stands below a node, also in its templates, into the language in use.
  const translate = (node) => {
    for (const element of node.children) {
      if (element.matches(untouched)) continue;
      for (const name of attributes) {
        const known = sentences.get(element.getAttribute(name));
        if (known) element.setAttribute(name, known);
      }
      if (element.content instanceof DocumentFragment) translate(element.content);
      const says = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && /\p{L}/u.test(n.data));
      const known = says && sentences.get(key(element));
      if (known) fill(element, known);
      else translate(element);
    }
  };

  const parsed = new Promise((resolve) => {
    if (document.readyState !== 'loading') resolve();
    else addEventListener('DOMContentLoaded', resolve);
  });

  // Whatever goes wrong, the page speaks English.
  const load = async () => {
    const assets = JSON.parse(document.getElementById('assets').textContent);
    const limit = AbortSignal.timeout ? AbortSignal.timeout(15000) : undefined;
    const response = await fetch(assets[`words-${language}.json`].url, { signal: limit });
    if (!response.ok) throw new Error(`status ${response.status}`);
    text = await response.text();
    sentences = new Map(Object.entries(JSON.parse(text)));
    await parsed;
    document.documentElement.lang = language;
    document.querySelector('link[rel="manifest"]').href = assets[`app-${language}.webmanifest`].url; // what the app is called once installed
    translate(document.documentElement);
  };
  const ready = language === 'en' ? parsed : load().catch((error) => {
    console.error(error);
    language = 'en';
    sentences = new Map();
    text = '';
    document.documentElement.lang = language;
  });

  const number = (n, digits) => n.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

  globalThis.sealcam = Object.assign(globalThis.sealcam || {}, {
    words: {
      t,
      // number writes a number with so many digits after the point.
      number,
      // ready resolves when the page speaks the language that it will keep.
      ready,
      language: () => language,
      // region is the language as the browser asks for it, with its region: it decides how days and times are written.
      region: () => preferred().find((tag) => match(tag) === language) || language,
      // text is the catalogue for the client, as JSON; empty for English.
      text: () => text,
      chosen,
      choose,
    },
  });
})();
