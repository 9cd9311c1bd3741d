// Measures a page from inside: which pictures were drawn, how long the 1080p decoder takes, and how long an input takes to be answered.
// It is put into the page before the page's own scripts.
"use strict";

(() => {
	const watch = globalThis.__watch = { drawn: {}, decode: [], input: [] };
	const last = {};

	// The page calls this after each drawn frame with every tile that has a picture.
	const hook = (tiles) => {
		for (const { camera, serial } of tiles) {
			if (last[camera] === serial) continue;
			last[camera] = serial;
			watch.drawn[camera] = (watch.drawn[camera] ?? 0) + 1;
		}
	};
	addEventListener("DOMContentLoaded", () => { globalThis.sealcam.onframe = hook; });

	// From the call of decode to the picture, of pictures of more than 1000 lines.
	const Original = globalThis.VideoDecoder;
	globalThis.VideoDecoder = class extends Original {
		constructor(init) {
			const handed = new Map();
			super({
				...init, output: (frame) => {
					const at = handed.get(frame.timestamp);
					handed.delete(frame.timestamp);
					if (at !== undefined && frame.codedHeight > 1000) watch.decode.push(performance.now() - at);
					init.output(frame);
				},
			});
			this.handed = handed;
		}
		decode(chunk) {
			this.handed.set(chunk.timestamp, performance.now());
			if (this.handed.size > 64) this.handed.delete(this.handed.keys().next().value);
			super.decode(chunk);
		}
	};

	// From the input to the end of the frame that answers it: its animation frame, style, layout, paint and what the browser does with the
	// canvas are over when the message comes.
	const channel = new MessageChannel();
	let pending = null;
	channel.port1.onmessage = () => {
		watch.input.push(performance.now() - pending);
		pending = null;
	};
	addEventListener("keydown", (event) => {
		if (pending !== null) return;
		pending = event.timeStamp;
		requestAnimationFrame(() => channel.port2.postMessage(null));
	}, true);
})();
