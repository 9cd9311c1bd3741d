// Hands the bytes of each encoded frame to the page and nothing back to the browser's decoder: they are ciphertext that only looks
// like VP8. Frames come through RTCRtpScriptTransform, or as streams made by createEncodedStreams (W3C WebRTC Encoded Transform).
"use strict";

async function forward(readable, slot) {
  const reader = readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const data = value.data;
    postMessage({ slot, data }, [data]);
  }
}

onrtctransform = (event) => forward(event.transformer.readable, event.transformer.options.slot);

onmessage = (event) => forward(event.data.readable, event.data.slot);
