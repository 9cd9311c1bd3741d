// Moves the focus by a remote control's arrow keys to whatever lies in that direction, in every part of the page: bar, cameras, messages
// and dialogs. The client's own keys come first (package viewer/shortcut); this takes what they leave, also before the client runs.
'use strict';
(() => {
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const back = ['GoBack', 'BrowserBack'];
  const focusable = 'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex^="-"])';

  const visible = (element) => {
    const seen = !element.checkVisibility || element.checkVisibility({ visibilityProperty: true, checkVisibilityCSS: true });
    const box = element.getBoundingClientRect();
    return seen && box.width > 1 && box.height > 1;
  };
  const dialog = () => [...document.querySelectorAll('dialog[open]')].pop();
  // What lies on top is all that can be reached.
  const scope = () => dialog() || document.querySelector('#screen:not([hidden])') || document.body;
  const reachable = () => [...scope().querySelectorAll(focusable)].filter((e) => !e.disabled && !e.closest('[inert], template') && visible(e));

  // distance from one box to another in a direction, which counts half of what it counts across; infinite if it does not lie there.
  const distance = (from, to, [dx, dy]) => {
    const centre = (box) => [box.left + box.width / 2, box.top + box.height / 2];
    const [fx, fy] = centre(from);
    const [tx, ty] = centre(to);
    const along = (tx - fx) * dx + (ty - fy) * dy;
    if (along <= 1) return Infinity;
    // Boxes that share a row or a column are beside each other however long they are.
    const apart = dx
      ? Math.max(0, to.top - from.bottom, from.top - to.bottom) + Math.abs(ty - fy) / 20
      : Math.max(0, to.left - from.right, from.left - to.right) + Math.abs(tx - fx) / 20;
    const gap = Math.max(0, dx ? (dx > 0 ? to.left - from.right : from.left - to.right) : (dy > 0 ? to.top - from.bottom : from.top - to.bottom));
    return gap + along / 10 + 2 * apart;
  };

  const scroller = (element) => {
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      if (e.scrollHeight > e.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(e).overflowY)) return e;
    }
    return null;
  };

  // move focuses what lies in the direction, or scrolls towards it where it is far or there is only text.
  const move = (direction) => {
    const all = reachable();
    const now = document.activeElement;
    if (!now || now === document.body || !scope().contains(now)) {
      const first = all.find((e) => e.matches('.tile, .primary')) || all[0];
      if (first) first.focus();
      return Boolean(first);
    }
    const from = now.getBoundingClientRect();
    let best = null;
    let least = Infinity;
    for (const e of all) {
      const d = e === now || now.contains(e) ? Infinity : distance(from, e.getBoundingClientRect(), direction);
      if (d < least) [best, least] = [e, d];
    }
    const pane = direction[1] ? scroller(now) || scroller(document.getElementById('panel-body')) : null;
    if (pane && (!best || pane.contains(best))) {
      const shown = pane.getBoundingClientRect();
      const to = best && best.getBoundingClientRect();
      const far = !to || (direction[1] > 0 ? to.top - shown.bottom : shown.top - to.bottom) > shown.height / 2;
      const before = pane.scrollTop;
      if (far) pane.scrollTop += direction[1] * shown.height / 2;
      if (pane.scrollTop !== before) return true;
    }
    if (best) best.focus();
    return Boolean(best);
  };

  const type = (e) => (e.localName === 'input' ? e.type : e.localName);
  const isText = (e) => ['text', 'search', 'url', 'email', 'tel', 'password', 'number', 'textarea'].includes(type(e)) && !e.readOnly;

  // own reports whether an arrow key has work to do inside of the focused element, which it leaves only at its ends.
  const own = (e, [dx, dy]) => {
    if (isText(e)) {
      const { selectionStart: start, selectionEnd: end, value } = e;
      if (start === null) return dx !== 0;
      const atEnd = start === end && (dx + dy < 0 ? start === 0 : end === value.length);
      return (dx !== 0 || type(e) === 'textarea') && !atEnd;
    }
    if (type(e) === 'range') return dx !== 0;
    if (type(e) === 'radio') {
      const group = [...(e.form || document).querySelectorAll('input[type=radio]')].filter((r) => r.name === e.name && !r.disabled && visible(r));
      return dx + dy < 0 ? group[0] !== e : group[group.length - 1] !== e;
    }
    return false;
  };

  // press is what OK means on a control that the browser gives no meaning to Enter on, or that of sending the form.
  const press = (e) => {
    if (type(e) === 'checkbox' || type(e) === 'radio') e.click();
    else if ((type(e) === 'select' || type(e) === 'date' || type(e) === 'time') && e.showPicker) {
      try {
        e.showPicker();
      } catch {
        return false; // a browser that asks for more than a key
      }
    } else return false;
    return true;
  };

  const goBack = () => {
    const open = dialog();
    if (open) {
      const step = document.getElementById('panel-back');
      if (step && open.contains(step) && visible(step)) step.click();
      else open.close();
      return true;
    }
    return false;
  };

  // The way out of display mode is offered to who has no pointer.
  const offerLeaving = () => {
    const leave = document.getElementById('kiosk-leave');
    if (!leave || !document.body.dataset.kiosk || document.activeElement === leave) return false;
    leave.hidden = false;
    leave.focus();
    return true;
  };

  // On the window, so that it is called after what listens on the document.
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const { key } = event;
    const target = document.activeElement || document.body;
    let done = false;
    if (directions[key]) {
      document.body.dataset.arrows = 'true';
      done = !own(target, directions[key]) && move(directions[key]);
    } else if (key === 'Enter' && document.body.dataset.arrows) done = press(target);
    else if (back.includes(key)) done = goBack() || offerLeaving();
    else if (key === 'Escape' && !dialog()) done = offerLeaving();
    if (done) event.preventDefault();
  });
  for (const event of ['pointerdown', 'pointermove']) {
    addEventListener(event, () => {
      delete document.body.dataset.arrows;
    }, { passive: true });
  }
})();
