// Runs the program and tells the host its exit code, after all of its output.
"use strict";

(async () => {
	const output = { queue: [], busy: null };

	// Output is sent in order, one request at a time; what comes meanwhile goes together into the next one.
	const flush = async () => {
		while (output.queue.length > 0) {
			const { fd } = output.queue[0];
			let n = 1;
			while (n < output.queue.length && output.queue[n].fd === fd) n++;
			const parts = output.queue.splice(0, n).map((part) => part.bytes);
			await fetch(`output?fd=${fd}`, { method: "POST", body: new Blob(parts) });
		}
		output.busy = null;
	};
	const print = (fd, bytes) => {
		output.queue.push({ fd, bytes: bytes.slice() });
		output.busy ??= flush();
	};

	const config = await (await fetch("config.json")).json();
	installFiles(config, print);

	let code = 2;
	try {
		const go = new Go();
		go.argv = config.argv;
		go.env = config.env;
		go.exit = (c) => { code = c; };
		const { instance } = await WebAssembly.instantiateStreaming(fetch("program.wasm"), go.importObject);
		await go.run(instance);
	} catch (err) {
		print(2, new TextEncoder().encode(`wasmexec: ${err.stack || err}\n`));
	}
	while (output.busy) await output.busy;
	await fetch(`exit?code=${code}`, { method: "POST" });
})();
