// Uploads files of the form: small ones at once, large ones in pieces that go on where the connection broke.
// `jbUpload.send(file, options)`: options are {url, uploads, csrf, progress(percent), waiting()}; the promise
// resolves to the server's answer and rejects with {status, message}.
(function () {
  "use strict";

  const LARGE = 2 * 1024 * 1024;
  const WAITS = [1000, 2000, 4000, 8000, 15000];

  function request(method, url, body, options, headers) {
    return new Promise((resolve, reject) => {
      const sent = new XMLHttpRequest();
      sent.open(method, url);
      sent.setRequestHeader("X-CSRFToken", options.csrf());
      Object.entries(headers || {}).forEach(([name, value]) => sent.setRequestHeader(name, value));
      if (options.onPart) sent.upload.addEventListener("progress", (event) => options.onPart(event.loaded, event.total));
      sent.addEventListener("load", () => {
        let answer = {};
        try {
          answer = JSON.parse(sent.responseText);
        } catch (page) {
          answer = { message: sent.status };
        }
        if (sent.status >= 200 && sent.status < 300) resolve(answer);
        else reject({ status: sent.status, message: answer.message, answer });
      });
      sent.addEventListener("error", () => reject({ status: 0 }));
      sent.send(body);
    });
  }

  function whole(file, options) {
    const body = new FormData();
    body.append("file", file);
    const onPart = (loaded, total) => options.progress(Math.round((loaded / total) * 100));
    return request("POST", options.url, body, { ...options, onPart });
  }

  // The same file again, also after a reload, goes on with what the server has.
  function memory(file, options) {
    const key = `jb-upload:${options.url}:${file.name}:${file.size}:${file.lastModified}`;
    return {
      get: () => localStorage.getItem(key),
      set: (value) => localStorage.setItem(key, value),
      forget: () => localStorage.removeItem(key),
    };
  }

  async function begin(file, options, kept) {
    if (kept.get()) {
      try {
        return await request("GET", `${options.uploads}${kept.get()}/`, null, options);
      } catch (fault) {
        if (fault.status !== 404) throw fault;
        kept.forget();
      }
    }
    const body = new FormData();
    body.append("name", file.name);
    body.append("size", String(file.size));
    const begun = await request("POST", options.uploads, body, options);
    kept.set(begun.key);
    return begun;
  }

  // A lost connection is waited for; the server says where to go on.
  async function patiently(work, options) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await work();
      } catch (fault) {
        if (fault.status !== 0 && fault.status < 500) throw fault;
        options.waiting();
        const wait = WAITS[Math.min(tries, WAITS.length - 1)];
        await new Promise((resolve) => {
          setTimeout(resolve, wait);
          window.addEventListener("online", resolve, { once: true });
        });
      }
    }
  }

  async function pieces(file, options) {
    const kept = memory(file, options);
    let state = await patiently(() => begin(file, options, kept), options);
    while (state.received < file.size) {
      const from = state.received;
      const piece = file.slice(from, from + state.piece);
      state = await patiently(
        () =>
          request("PUT", `${options.uploads}${state.key}/?offset=${from}`, piece, options, {
            "Content-Type": "application/octet-stream",
          }).catch((fault) => {
            if (fault.status === 409 && fault.answer.key) return fault.answer;
            throw fault;
          }),
        options
      );
      options.progress(Math.round((state.received / file.size) * 100));
    }
    const body = new FormData();
    body.append("upload", state.key);
    const answer = await patiently(() => request("POST", options.url, body, options), options).catch((fault) => {
      if (fault.status !== 401 && fault.status !== 403) kept.forget();
      throw fault;
    });
    kept.forget();
    return answer;
  }

  function send(file, options) {
    return file.size > LARGE ? pieces(file, options) : whole(file, options);
  }

  window.jbUpload = { send };
})();
