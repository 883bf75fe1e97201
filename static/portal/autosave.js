// Saves a form while a person writes, without ever losing what was typed: what the server has not
// confirmed stands in localStorage, is sent again when the connection or the session is back, and is put
// back into the form after a reload. All words stand in #save-state. Without scripts the buttons save.
(function () {
  "use strict";

  const WAIT = 900;
  const RETRY = 8000;
  const SIDE_WAIT = 700;

  function cookie(name) {
    const found = document.cookie.split("; ").find((part) => part.startsWith(name + "="));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  // Read at every request: signing in again in another window gives the session a new token.
  function csrf(form) {
    return cookie("csrftoken") || form.querySelector("[name=csrfmiddlewaretoken]").value;
  }

  function fill(pattern, values) {
    return pattern.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
  }

  // ---- what is in the form ----

  function inputsOf(root) {
    return Array.from(root.querySelectorAll("input, select, textarea")).filter(
      (input) =>
        input.name &&
        input.type !== "file" &&
        input.name !== "csrfmiddlewaretoken" &&
        input.name !== "versions" &&
        !input.closest("template, [data-conflict]")
    );
  }

  function valuesOf(root) {
    const values = {};
    inputsOf(root).forEach((input) => {
      if ((input.type === "checkbox" || input.type === "radio") && !input.checked) return;
      (values[input.name] = values[input.name] || []).push(input.value);
    });
    return values;
  }

  function putBack(form, values) {
    Object.keys(values).forEach((name) => {
      const inputs = form.querySelectorAll(`[name="${CSS.escape(name)}"]`);
      inputs.forEach((input) => {
        if (input.type === "checkbox" || input.type === "radio") input.checked = values[name].includes(input.value);
        else if (input.type !== "file") input.value = values[name][0];
      });
    });
  }

  // ---- rows that somebody else removed ----

  function removes(name, texts) {
    return name.endsWith("-DELETE") && texts[0] === "on";
  }

  function rowOf(input) {
    return input.closest("fieldset") || input.parentElement;
  }

  function isAsSent(row, sent) {
    return inputsOf(row).every(
      (input) => input.type === "checkbox" || (input !== document.activeElement && input.value === (sent[input.name] || [""])[0])
    );
  }

  function hideRemoved(form, values) {
    Object.keys(values)
      .filter((name) => removes(name, values[name]))
      .forEach((name) => {
        const mark = form.querySelector(`[name="${CSS.escape(name)}"]`);
        if (mark) rowOf(mark).hidden = true;
      });
  }

  // A row that somebody else added takes its place among those that stand here. The row in which a person
  // writes stays where it is, the others move around it: an input that is moved loses the cursor.
  function placeRows(form, prefix, numbers) {
    const box = form.querySelector(`[data-formset="${CSS.escape(prefix)}"] [data-forms]`);
    if (!box) return;
    const numberOf = (row) => Number(row.querySelector("[name]").name.slice(prefix.length + 1).split("-")[0]);
    const rows = new Map(Array.from(box.children, (row) => [numberOf(row), row]));
    const placed = numbers.map((number) => rows.get(number)).filter(Boolean);
    if (!placed.length) return;
    const fixed = placed.find((row) => row.contains(document.activeElement)) || placed[0];
    const place = placed.indexOf(fixed);
    placed.slice(0, place).forEach((row) => fixed.before(row));
    placed.slice(place + 1).reverse().forEach((row) => fixed.after(row));
    const shown = Array.from(box.children).filter((row) => !row.hidden);
    shown.forEach((row, index) => (row.querySelector("[data-number]").textContent = String(index + 1)));
    shown.forEach(window.jbRows.name);
  }

  // ---- one form ----

  class Saver {
    constructor(form) {
      this.form = form;
      this.url = form.dataset.autosave;
      this.key = "jb-draft:" + form.dataset.key;
      this.state = document.getElementById("save-state");
      this.words = this.state.dataset;
      this.changed = new Set();
      // Question or input → the version that this page shows; what somebody else stored since is not written over.
      this.seenInput = form.querySelector("[name=versions]");
      this.seen = this.seenInput ? JSON.parse(this.seenInput.value) : {};
      this.disputed = new Set();
      this.timer = null;
      this.running = null;
      this.restore();
      form.addEventListener("input", (event) => this.note(event.target));
      form.addEventListener("change", (event) => this.note(event.target));
      form.addEventListener("submit", (event) => this.submit(event));
      window.addEventListener("online", () => this.retry());
      window.addEventListener("focus", () => this.retry());
      document.addEventListener("visibilitychange", () => this.retry());
      window.addEventListener("pagehide", () => this.keep());
      setInterval(() => this.retry(), RETRY);
    }

    // The question around an input, or the whole form where parts belong together.
    unit(target) {
      const question = target.closest("[data-question]");
      return question ? question.dataset.question : "*";
    }

    note(target) {
      if (!target.name || target.type === "file" || target.closest("[data-conflict]")) return;
      this.changed.add(this.unit(target));
      this.keep();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), WAIT);
    }

    retry() {
      if (this.changed.size && !this.running && !document.hidden) this.save();
    }

    rootOf(unit) {
      return unit === "*" ? this.form : this.form.querySelector(`[data-question="${CSS.escape(unit)}"]`);
    }

    pack(units) {
      const body = { values: {} };
      units.forEach((unit) => Object.assign(body.values, valuesOf(this.rootOf(unit))));
      if (!units.includes("*")) body.questions = units;
      const wanted = units.includes("*") ? Object.keys(this.seen) : units;
      body.versions = Object.fromEntries(wanted.filter((unit) => unit in this.seen).map((unit) => [unit, this.seen[unit]]));
      return body;
    }

    // Adds to what the page has seen; a form sent as a whole carries it too.
    see(versions) {
      Object.assign(this.seen, versions);
      if (this.seenInput) this.seenInput.value = JSON.stringify(this.seen);
    }

    keep() {
      const units = new Set([...this.changed, ...this.disputed]);
      try {
        if (units.size) localStorage.setItem(this.key, JSON.stringify(this.pack([...units])));
        else localStorage.removeItem(this.key);
      } catch (full) {
        // A full or forbidden store costs only the copy; the form itself still holds the text.
      }
    }

    restore() {
      let kept = null;
      try {
        kept = JSON.parse(localStorage.getItem(this.key));
      } catch (broken) {
        localStorage.removeItem(this.key);
      }
      if (!kept || !kept.values) return;
      window.jbRows.growFor(this.form, kept.values);
      putBack(this.form, kept.values);
      // Written over these versions, not over what the page was made with just now.
      this.see(kept.versions || {});
      (kept.questions || ["*"]).filter((unit) => this.rootOf(unit)).forEach((unit) => this.changed.add(unit));
      this.say(this.words.restored);
      this.timer = setTimeout(() => this.save(), WAIT);
    }

    // What is not on the server stands in red.
    say(text, link, bad = false) {
      this.state.textContent = text;
      this.state.classList.toggle("jb-over", bad);
      if (!link) return;
      const anchor = document.createElement("a");
      anchor.href = link.url;
      if (!link.here) {
        anchor.target = "_blank";
        anchor.rel = "noopener";
      }
      anchor.textContent = link.text;
      this.state.append(" ", anchor);
    }

    // One request at a time; resolves to true when everything typed so far is on the server.
    save() {
      clearTimeout(this.timer);
      if (this.running) return this.running.then(() => this.save());
      if (!this.changed.size) return Promise.resolve(true);
      const units = this.changed.has("*") ? ["*"] : [...this.changed];
      const packed = this.pack(units);
      this.changed.clear();
      this.say(this.words.saving);
      this.running = fetch(this.url, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(this.form) },
        body: JSON.stringify(packed),
        credentials: "same-origin",
        redirect: "manual",
      })
        .then((response) => this.answered(response, units, packed.values))
        .catch(() => this.failed(units, this.words.offline))
        .finally(() => {
          this.running = null;
        });
      return this.running;
    }

    answered(response, units, sent) {
      if (response.status === 401 || response.status === 403 || response.type === "opaqueredirect") {
        return this.failed(units, this.words.signedOut, { url: this.words.signInUrl, text: this.words.signIn });
      }
      if (!response.ok) {
        return response
          .json()
          .catch(() => ({ message: response.status }))
          .then((answer) => this.failed(units, fill(this.words.failed, { message: answer.message })));
      }
      return response.json().then((answer) => this.saved(answer, units, sent));
    }

    failed(units, text, link) {
      units.forEach((unit) => this.changed.add(unit));
      this.keep();
      this.say(text, link, true);
      return false;
    }

    saved(answer, units, sent) {
      const faults = Object.keys(answer.faults || {});
      const conflicts = Object.entries(answer.conflicts || {});
      this.see(answer.versions || {});
      this.takeOver(answer.others || {}, sent);
      this.settleAgreed(units, answer.conflicts || {});
      conflicts.forEach(([unit, conflict]) => this.dispute(unit, conflict));
      this.keep();
      showFaults(this.form, answer.faults || {});
      replaceFragments(answer.fragments || {});
      Object.entries(answer.texts || {}).forEach(([id, text]) => {
        const place = document.getElementById(id);
        if (place) place.textContent = text;
      });
      Object.entries(answer.order || {}).forEach(([prefix, numbers]) => placeRows(this.form, prefix, numbers));
      fillEmpty(this.form, answer.values || {});
      Object.entries(answer.shown || {}).forEach(([code, shown]) => {
        const question = this.rootOf(code);
        if (question) question.hidden = !shown;
      });
      const boxes = this.form.querySelectorAll("[data-conflict]");
      const disputed = boxes.length;
      const pattern = disputed ? this.words.disputed : faults.length ? this.words.faults : this.words.saved;
      const link = disputed ? { url: `#${boxes[0].id}`, text: this.words.goThere, here: true } : undefined;
      this.say(fill(pattern, { time: answer.saved_at, n: disputed || faults.length }), link, Boolean(disputed));
      this.refreshSide();
      return !disputed;
    }

    // Where both came to write the same there is nothing left to choose.
    settleAgreed(units, conflicts) {
      this.form.querySelectorAll("[data-conflict]").forEach((box) => {
        const unit = box.dataset.conflict;
        if (unit in conflicts || !(units.includes("*") || units.includes(unit))) return;
        box.remove();
        this.disputed.delete(unit);
      });
    }

    // What others stored in inputs that were not touched here is shown.
    takeOver(others, sent) {
      window.jbRows.growFor(this.form, others);
      const untouched = Object.entries(others).filter(([name]) => {
        const input = this.form.querySelector(`[name="${CSS.escape(name)}"]`);
        if (removes(name, others[name])) return input && isAsSent(rowOf(input), sent);
        return input && input !== document.activeElement && (!(name in sent) || input.value === sent[name][0]);
      });
      putBack(this.form, Object.fromEntries(untouched));
      hideRemoved(this.form, Object.fromEntries(untouched));
    }

    // Somebody else changed the same answer: both texts are shown, and the person decides.
    dispute(unit, conflict) {
      const inFixedPart = Boolean(Object.keys(conflict.values).length);
      if (!inFixedPart) this.disputed.add(unit);
      window.jbConflicts.show(this.form, unit, conflict, this.words, (mine) => {
        this.see(conflict.versions || { [unit]: conflict.version });
        this.disputed.delete(unit);
        if (mine) this.changed.add(inFixedPart ? "*" : unit);
        else if (inFixedPart) {
          putBack(this.form, conflict.values);
          hideRemoved(this.form, conflict.values);
        }
        else replaceFragments({ [`question-${unit}`]: conflict.html });
        this.keep();
        if (mine) this.save();
        else this.say(this.words.settled);
        this.focusOn(unit);
      });
    }

    // The button that was pressed is gone: who works with the keyboard goes on at the answer it was about.
    focusOn(unit) {
      const named = `[name="${CSS.escape(unit)}"]`;
      const question = `[data-question="${CSS.escape(unit)}"] :is(input, select, textarea)`;
      const places = this.form.querySelectorAll(`${named}, ${question}, [data-add-form]`);
      const first = Array.from(places).find((place) => place.type !== "hidden" && place.offsetParent);
      if (first) first.focus();
    }

    // The panel with what is still missing follows a little later: it costs far more than a save.
    refreshSide() {
      const url = this.form.dataset.side;
      if (!url || this.sideTimer) return;
      this.sideTimer = setTimeout(() => {
        this.sideTimer = null;
        fetch(url, { credentials: "same-origin", redirect: "manual" })
          .then((response) => (response.ok ? response.json() : { fragments: {} }))
          .then((answer) => replaceFragments(answer.fragments))
          .catch(() => {});
      }, SIDE_WAIT);
    }

    // A button first saves in the background: an ended session is found before the page is left.
    submit(event) {
      // The Enter key in a line of text saves, and leaves the person where they write.
      if (event.submitter && "saveHere" in event.submitter.dataset) {
        event.preventDefault();
        this.save();
        return;
      }
      if (this.form.dataset.confirmed || !this.changed.size) return;
      event.preventDefault();
      const submitter = event.submitter;
      this.save().then((done) => {
        if (!done) return;
        this.form.dataset.confirmed = "yes";
        this.form.requestSubmit(submitter);
      });
    }
  }

  // ---- answers of the server ----

  // What the server found out (a unit's code by its name) goes only where nothing has been typed.
  function fillEmpty(form, values) {
    Object.entries(values).forEach(([name, text]) => {
      const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
      if (input && !input.value && input !== document.activeElement) input.value = text;
    });
  }

  // Whoever stands with the keyboard in a part that is replaced goes on at the same link, or in that part.
  function replaceFragments(fragments) {
    Object.entries(fragments).forEach(([id, html]) => {
      const place = document.getElementById(id);
      if (!place) return;
      const held = place.contains(document.activeElement) ? document.activeElement : null;
      const holder = document.createElement("template");
      holder.innerHTML = html;
      place.replaceWith(holder.content);
      const made = held && document.getElementById(id);
      if (made) window.jbFocus(made, held);
    });
  }

  function showFaults(form, faults) {
    form.querySelectorAll(".jb-fault").forEach((old) => old.remove());
    form.querySelectorAll(".is-invalid").forEach((old) => old.classList.remove("is-invalid"));
    form.querySelectorAll(".invalid-feedback").forEach((old) => old.remove());
    Object.entries(faults).forEach(([name, sentences]) => {
      const input = form.querySelector(`[name="${CSS.escape(name)}"]`);
      const question = form.querySelector(`[data-question="${CSS.escape(name.replace(/^a-/, ""))}"]`);
      const place = question || (input && input.parentElement) || document.getElementById("id_" + name);
      if (!place) return;
      if (input) input.classList.add("is-invalid");
      sentences.forEach((sentence) => {
        const line = document.createElement("p");
        line.className = "invalid-feedback d-block jb-fault";
        line.textContent = sentence;
        place.append(line);
      });
    });
  }

  // ---- length of texts ----

  // A Chinese character, or a run of letters and figures: what `applications.fields.count_words` counts.
  const HAN = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}";
  const WORD = new RegExp(`[${HAN}]|(?:(?![${HAN}])[\\p{L}\\p{N}])+`, "gu");

  function countWords(text) {
    return (text.match(WORD) || []).length;
  }

  function showLengths(form) {
    form.querySelectorAll("[data-count-for]").forEach((line) => {
      const input = document.getElementById(line.dataset.countFor);
      if (!input) return;
      const update = () => {
        const length = "countWords" in line.dataset ? countWords(input.value) : Array.from(input.value).length;
        line.textContent = fill(line.dataset.words, { n: length, max: line.dataset.limit });
        line.classList.toggle("jb-over", length > Number(line.dataset.limit));
      };
      input.addEventListener("input", update);
      update();
    });
  }

  // ---- files ----

  // One request at a time: several files of one question must not take each other's place.
  function uploadAll(form, input, saver) {
    const files = Array.from(input.files);
    showFaults(form, {});
    const refused = [];
    // A file that is refused keeps the others from nothing; all sentences stand there at the end.
    const next = (sentence) => {
      if (sentence) refused.push(sentence);
      const file = files.shift();
      if (file) {
        const known = refusal(input, file, saver.words);
        if (known) next(known);
        else upload(form, input, saver, file, next);
      } else {
        input.value = "";
        if (refused.length) showFaults(form, { [input.name]: refused });
      }
    };
    next();
  }

  // What the server would say after the last byte is said before the first.
  function refusal(input, file, words) {
    if (!words.tooBig) return "";
    const endings = input.accept.split(",").filter(Boolean);
    const named = file.name.toLowerCase();
    if (endings.length && !endings.some((ending) => named.endsWith(ending))) {
      return fill(words.wrongKind, { name: file.name, endings: endings.map((one) => one.slice(1)).join(", ") });
    }
    const most = Number(input.dataset.mostBytes);
    const shown = (bytes) => `${Math.ceil((bytes / 1048576) * 10) / 10} MB`;
    if (!most || file.size <= most) return "";
    return fill(words.tooBig, { name: file.name, size: shown(file.size), limit: shown(most) });
  }

  function upload(form, input, saver, file, done) {
    const words = saver.words;
    window.jbUpload
      .send(file, {
        url: input.dataset.upload,
        uploads: words.uploads,
        csrf: () => csrf(form),
        progress: (percent) => saver.say(fill(words.uploading, { percent })),
        waiting: () => saver.say(words.uploadWaiting),
      })
      .then((answer) => {
        replaceFragments(answer.fragments);
        saver.say(fill(words.saved, { time: new Date().toLocaleTimeString("zh-CN", { hour12: false }) }));
        saver.refreshSide();
        done();
      })
      .catch((fault) => {
        if (fault.status === 401 || fault.status === 403) {
          saver.say(words.signedOut, { url: words.signInUrl, text: words.signIn });
        } else if (fault.status) {
          saver.say(fill(words.failed, { message: fault.message }));
          done(fault.message);
        } else saver.say(words.offline);
      });
  }

  document.querySelectorAll("form[data-autosave]").forEach((form) => {
    form.setAttribute("data-again", "");
    window.jbRows.start(form);
    const saver = new Saver(form);
    showLengths(form);
    form.addEventListener("change", (event) => {
      if (event.target.dataset.upload) uploadAll(form, event.target, saver);
    });
  });
})();
