// Reads the barcode of each tile back from the drawn stage. It is put into the page before the page's own scripts.
// What the page must offer is written in doc.go.
"use strict";

(() => {
	const CELLS = 18, COLUMNS = 48, ROWS = 27;
	const LIMIT = 200000; // samples kept
	const SETTLED = 4; // calls of the page for animation frames, of which it asks for one or two, in which the stage stayed as it is
	const contexts = new WeakMap(); // canvas -> WebGL context

	// What was drawn can be read until the browser composites, which it does after the animation frame. A frame in which nothing
	// was drawn has an empty drawing buffer, and the picture of before is still on the screen.
	let drawn = false;
	const getContext = HTMLCanvasElement.prototype.getContext;
	HTMLCanvasElement.prototype.getContext = function (type, attributes) {
		const context = getContext.call(this, type, attributes);
		if (!context || type !== "webgl2" && type !== "webgl") return context;
		contexts.set(this, context);
		for (const name of ["clear", "drawArrays", "drawElements"]) {
			const draw = context[name];
			context[name] = function (...args) {
				drawn = true;
				return draw.apply(this, args);
			};
		}
		return context;
	};

	const sampler = globalThis.__sealcamSampler = { on: false, run: 0, samples: [], dropped: 0, frames: 0, busy: 0 };
	const last = new WeakMap(); // tile -> the cells as last seen, in black and white
	const places = new WeakMap(); // tile -> where its picture was to be found in the frame before

	// While the stage changes its size the document may be a frame ahead of what is drawn, or behind it. Sampling may begin just then.
	const stage = { place: "", frames: 0 };
	const settled = (gl, rect) => {
		const place = [rect.left, rect.top, rect.width, rect.height, gl.drawingBufferWidth, gl.drawingBufferHeight, sampler.run].join();
		if (place !== stage.place) Object.assign(stage, { place, frames: 0 });
		return stage.frames++ >= SETTLED;
	};

	const sample = (drawn) => {
		const canvas = document.querySelector("canvas");
		const gl = canvas && contexts.get(canvas);
		if (!gl || gl.isContextLost()) return;
		const rect = canvas.getBoundingClientRect();
		if (rect.width === 0 || rect.height === 0 || !settled(gl, rect) || !drawn) return;
		const scaleX = gl.drawingBufferWidth / rect.width;
		const scaleY = gl.drawingBufferHeight / rect.height;

		const framebuffer = gl.getParameter(gl.READ_FRAMEBUFFER_BINDING ?? gl.FRAMEBUFFER_BINDING);
		const target = gl.READ_FRAMEBUFFER ?? gl.FRAMEBUFFER;
		const packBuffer = gl.PIXEL_PACK_BUFFER && gl.getParameter(gl.PIXEL_PACK_BUFFER_BINDING);
		gl.bindFramebuffer(target, null);
		if (packBuffer) gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);

		for (const tile of document.querySelectorAll("[data-tile]")) {
			const [x, y, width, height] = (tile.dataset.picture ?? "").split(",").map(Number);
			if (!(width > 0) || !(height > 0)) {
				last.delete(tile);
				places.delete(tile);
				continue;
			}
			// The same holds for a tile.
			const place = [x, y, width, height, stage.place].join();
			const before = places.get(tile) ?? place;
			places.set(tile, place);
			if (before !== place) continue;
			const left = Math.round((x - rect.left) * scaleX);
			const strip = Math.ceil(width * scaleX * CELLS / COLUMNS);
			const row = gl.drawingBufferHeight - 1 - Math.floor((y - rect.top + height * 0.5 / ROWS) * scaleY);
			if (strip < CELLS) continue;
			const pixels = new Uint8Array(4 * strip);
			gl.readPixels(left, row, strip, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
			const t = performance.timeOrigin + performance.now();

			const cells = new Array(CELLS);
			for (let i = 0; i < CELLS; i++) {
				const at = 4 * Math.min(strip - 1, Math.floor((i + 0.5) / COLUMNS * width * scaleX));
				cells[i] = Math.round(0.2126 * pixels[at] + 0.7152 * pixels[at + 1] + 0.0722 * pixels[at + 2]);
			}
			const middle = (cells[0] + cells[1]) / 2;
			let seen = cells[0] - cells[1] > 32 ? "" : "-"; // "-": no strip
			for (const luma of cells) seen += luma > middle ? 1 : 0;
			if (seen === last.get(tile)) continue;
			last.set(tile, seen);
			if (sampler.samples.length >= LIMIT) {
				sampler.dropped++;
				continue;
			}
			sampler.samples.push({ t, home: tile.dataset.home ?? "", camera: tile.dataset.camera ?? "", state: tile.dataset.state ?? "", cells });
		}
		gl.bindFramebuffer(target, framebuffer);
		if (packBuffer) gl.bindBuffer(gl.PIXEL_PACK_BUFFER, packBuffer);
	};

	// The page draws in requestAnimationFrame callbacks, which run Go until it is idle; right after one, the picture is drawn.
	const request = globalThis.requestAnimationFrame.bind(globalThis);
	globalThis.requestAnimationFrame = (callback) => request((now) => {
		const begin = performance.now();
		drawn = false; // what another task drew, such as one for a new size, has been composited, and the buffer is empty again
		callback(now);
		sampler.busy += performance.now() - begin;
		sampler.frames++;
		if (sampler.on) sample(drawn);
	});
})();
