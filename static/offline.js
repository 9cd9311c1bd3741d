// Has sw.js keep the client for times without the server, and says so when the page was opened that way.
'use strict';
(() => {
  const { t, ready } = globalThis.sealcam.words;
  // The client has time first: keeping its files is for later. In milliseconds.
  const afterStart = 8000;

  if (document.body.dataset.offline) {
    const { boot } = globalThis.sealcam;
    ready.then(() => {
      boot.reached = boot.notice(t('The server cannot be reached, so this page was opened from what this device keeps. Check the network; the pictures come by themselves as soon as the server answers.'));
    });
    return;
  }
  // A page that a program on this machine carries comes from that program, which is there or not.
  if (!navigator.serviceWorker || document.querySelector('meta[name="sealcam-server"]')) return;
  const keep = async () => {
    try {
      await navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' });
      (await navigator.serviceWorker.ready).active.postMessage('keep');
    } catch (error) {
      console.warn('no offline page:', error.message); // storage is blocked: the page works, but only with the server
    }
  };
  setTimeout(keep, afterStart);
})();
