// The file system of the program: files of the module by HTTP, read only; a temporary folder in memory; standard output.
// The functions are those of Node.js's fs that Go's syscall package calls (syscall/fs_js.go), with its flags and error codes.
"use strict";

// Go reads globalThis.fs and globalThis.process when wasm_exec.js is loaded, and wasm_exec.js installs stubs where they are
// missing; so the objects exist from the start and get their contents from installFiles.
globalThis.fs = { constants: { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 } };
globalThis.process = {
	pid: 1, ppid: 0,
	getuid: () => 0, getgid: () => 0, geteuid: () => 0, getegid: () => 0, getgroups: () => [0],
	umask: () => 0o022,
};
globalThis.path = { resolve: (...parts) => parts.join("/") };

function installFiles({ root, cwd, temp }, print) {
	const { O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY } = fs.constants;
	const fail = (code) => Object.assign(new Error(code), { code });

	// absolute returns path without dots, double slashes and a slash at the end.
	const absolute = (path) => {
		const parts = [];
		for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
			if (part === "..") parts.pop();
			else if (part !== "" && part !== ".") parts.push(part);
		}
		return "/" + parts.join("/");
	};
	const inside = (path, dir) => path === dir || path.startsWith(dir === "/" ? dir : dir + "/");

	// Temporary files and folders by path: { dir, data, size, time }.
	const memory = new Map([[temp, { dir: true, data: null, size: 0, time: Date.now() }]]);
	const parent = (path) => path.slice(0, path.lastIndexOf("/")) || "/";
	const children = (path) => [...memory.keys()].filter((p) => p !== path && parent(p) === path).map((p) => p.slice(path.length + 1));
	const remembered = (path) => {
		const node = memory.get(path);
		if (!node) throw fail("ENOENT");
		return node;
	};
	const writable = (path) => {
		if (!inside(path, temp)) throw fail("EROFS");
	};

	// Files of the module do not change while the program runs, so each answer is asked for once.
	const answers = new Map();
	const ask = (what, path) => {
		if (!inside(path, root)) return Promise.reject(fail("ENOENT"));
		const url = `${what}?path=${encodeURIComponent(path.slice(root.length))}`;
		if (!answers.has(url)) {
			answers.set(url, fetch(url).then((response) => {
				if (response.headers.has("File-Error")) throw fail(response.headers.get("File-Error"));
				if (!response.ok) throw fail("EIO");
				return response;
			}).then((response) => (what === "read" ? response.arrayBuffer() : response.json())));
		}
		return answers.get(url);
	};

	const stats = (dir, size, mode, time) => ({
		dev: 1, ino: 1, mode: (dir ? 0o040000 : 0o100000) | mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size, blksize: 4096,
		blocks: Math.ceil(size / 512), atimeMs: time, mtimeMs: time, ctimeMs: time, isDirectory: () => dir,
	});
	const stat = async (path) => {
		path = absolute(path);
		if (inside(path, temp)) {
			const node = remembered(path);
			return stats(node.dir, node.size, node.dir ? 0o755 : 0o644, node.time);
		}
		const { dir, size, mode, time } = await ask("stat", path);
		return stats(dir, size, mode, time);
	};

	const grow = (node, size) => {
		if (size > node.data.length) {
			const larger = new Uint8Array(Math.max(size, 2 * node.data.length));
			larger.set(node.data.subarray(0, node.size));
			node.data = larger;
		}
		node.size = Math.max(node.size, size);
		node.time = Date.now();
	};
	const truncate = (node, size) => {
		if (node.dir) throw fail("EISDIR");
		grow(node, size);
		node.data.fill(0, size);
		node.size = size;
	};

	const handles = new Map(); // fd -> { path, node, position, write, append }
	let next = 3;
	const handle = (fd) => {
		const h = handles.get(fd);
		if (!h) throw fail("EBADF");
		return h;
	};

	const calls = {
		async open(path, flags) {
			path = absolute(path);
			const write = (flags & (O_WRONLY | O_RDWR)) !== 0;
			let node;
			if (inside(path, temp)) {
				node = memory.get(path);
				if (node && flags & O_CREAT && flags & O_EXCL) throw fail("EEXIST");
				if (!node) {
					if (!(flags & O_CREAT)) throw fail("ENOENT");
					if (!remembered(parent(path)).dir) throw fail("ENOTDIR");
					node = { dir: false, data: new Uint8Array(0), size: 0, time: Date.now() };
					memory.set(path, node);
				}
				if (node.dir && write) throw fail("EISDIR");
				if (flags & O_TRUNC) truncate(node, 0);
			} else {
				if (write || flags & O_CREAT) throw fail("EROFS");
				const { dir } = await ask("stat", path);
				const data = dir ? null : new Uint8Array(await ask("read", path));
				node = { dir, data, size: data ? data.length : 0, time: 0 };
			}
			if (flags & O_DIRECTORY && !node.dir) throw fail("ENOTDIR");
			handles.set(next, { path, node, position: 0, write, append: (flags & O_APPEND) !== 0 });
			return next++;
		},
		async close(fd) {
			handle(fd);
			handles.delete(fd);
		},
		async fstat(fd) {
			return stat(handle(fd).path);
		},
		stat,
		lstat: stat,
		async readdir(path) {
			path = absolute(path);
			if (!inside(path, temp)) return ask("list", path);
			if (!remembered(path).dir) throw fail("ENOTDIR");
			return children(path);
		},
		async read(fd, buffer, offset, length, position) {
			if (fd === 0) return 0;
			const h = handle(fd);
			if (h.node.dir) throw fail("EISDIR");
			const from = position ?? h.position;
			const part = h.node.data.subarray(from, Math.min(from + length, h.node.size));
			buffer.set(part, offset);
			if (position === null) h.position += part.length;
			return part.length;
		},
		async write(fd, buffer, offset, length, position) {
			const bytes = buffer.subarray(offset, offset + length);
			if (fd === 1 || fd === 2) {
				print(fd, bytes);
				return length;
			}
			const h = handle(fd);
			if (!h.write) throw fail("EBADF");
			const at = h.append ? h.node.size : position ?? h.position;
			grow(h.node, at + length);
			h.node.data.set(bytes, at);
			if (position === null) h.position = at + length;
			return length;
		},
		async fsync() {},
		async ftruncate(fd, size) {
			truncate(handle(fd).node, size);
		},
		async truncate(path, size) {
			writable(absolute(path));
			truncate(remembered(absolute(path)), size);
		},
		async mkdir(path) {
			path = absolute(path);
			writable(path);
			if (memory.has(path)) throw fail("EEXIST");
			if (!remembered(parent(path)).dir) throw fail("ENOTDIR");
			memory.set(path, { dir: true, data: null, size: 0, time: Date.now() });
		},
		async unlink(path) {
			path = absolute(path);
			writable(path);
			if (remembered(path).dir) throw fail("EISDIR");
			memory.delete(path);
		},
		async rmdir(path) {
			path = absolute(path);
			writable(path);
			if (!remembered(path).dir) throw fail("ENOTDIR");
			if (children(path).length > 0) throw fail("ENOTEMPTY");
			memory.delete(path);
		},
		async rename(from, to) {
			[from, to] = [absolute(from), absolute(to)];
			writable(from);
			writable(to);
			const node = remembered(from);
			if (node.dir && children(from).length > 0) throw fail("ENOTEMPTY"); // enough for temporary files
			memory.delete(from);
			memory.set(to, node);
		},
		async chmod(path) {
			writable(absolute(path));
		},
		async utimes(path, _, mtime) {
			writable(absolute(path));
			remembered(absolute(path)).time = mtime * 1000;
		},
	};
	for (const name of ["chown", "fchmod", "fchown", "lchown", "link", "readlink", "symlink"]) {
		calls[name] = async () => { throw fail("ENOSYS"); };
	}
	for (const [name, call] of Object.entries(calls)) {
		fs[name] = (...args) => {
			const callback = args.pop();
			call(...args).then((value) => callback(null, value), (err) => callback(err.code ? err : fail("EIO")));
		};
	}
	fs.writeSync = (fd, bytes) => { // the runtime's own messages, such as a panic's
		print(fd, bytes);
		return bytes.length;
	};
	process.cwd = () => cwd;
	process.chdir = (path) => { cwd = absolute(path); };
	globalThis.path.resolve = (...parts) => absolute(parts.join("/"));
}
