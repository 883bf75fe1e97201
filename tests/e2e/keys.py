"""A person who has only a keyboard: every stop of the Tab key is looked at."""

from playwright.sync_api import Page, expect

MOST_STOPS = 120
STOP = """() => {
    const at = document.activeElement;
    if (!at || at === document.body) return { fault: "nothing has the focus" };
    const box = at.getBoundingClientRect(), style = getComputedStyle(at);
    const isMarked = style.outlineStyle !== "none" || style.boxShadow !== "none";
    const isInView = box.width && box.bottom > 0 && box.top < innerHeight;
    const x = Math.min(Math.max(box.x + box.width / 2, 0), innerWidth - 1);
    const over = document.elementFromPoint(x, box.y + Math.min(box.height / 2, 12));
    const labels = Array.from(at.labels || []);
    const isItsOwn = (one) => at.contains(one) || one.contains(at) || labels.includes(one);
    const isFree = over && isItsOwn(over);
    const faults = [isMarked || "no outline", isInView || "out of view", isFree || "covered"];
    const text = (at.getAttribute("aria-label") || at.textContent).trim();
    const fault = faults.filter((one) => typeof one === "string").join(", ");
    return { name: at.name || "", id: at.id, text, fault };
}"""


class Keys:
    """Tab, Shift+Tab, Enter, Space, arrows and typing at one page; the mouse is not there."""

    def __init__(self, page: Page):
        self.page = page

    def at(self) -> dict:
        """Where the cursor stands. Fails when nobody could see it."""
        found = self.page.evaluate(STOP)
        assert not found["fault"], f"{self.page.url}: {found}"
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.insert_text(text)

    def go(self, *, name: str = "", text: str = "", key: str = "Tab") -> dict:
        """Press the key until the cursor is at an input of this name or at what begins with this text."""
        *held, key = key.split("+")
        passed = []
        for one in held:
            self.page.keyboard.down(one)
        for _stop in range(MOST_STOPS):
            # Held down, the key repeats: half the work of pressing it again.
            self.page.keyboard.down(key)
            at = self.at()
            passed.append(at["name"] or at["text"][:12])
            if (name and at["name"] == name) or (text and at["text"].startswith(text)):
                for one in (key, *held):
                    self.page.keyboard.up(one)
                return at
        raise AssertionError(f"{name}{text} is not reached at {self.page.url}: {passed}")

    def skip(self) -> None:
        """Past the masthead, with the first key and the second."""
        self.press("Tab")
        assert self.at()["text"] == "跳到正文"
        self.press("Enter")
        assert self.at()["id"] == "content"

    def follow(self, text: str) -> None:
        """Go to a link or a button of the content and press it; another page comes."""
        self.go(text=text)
        with self.page.expect_navigation():
            self.press("Enter")

    def write(self, **values: str) -> None:
        """Fill lines of text, in the order of the page."""
        for name, value in values.items():
            self.go(name=name)
            self.press("Control+A")
            self.type(value)

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator("main")).to_contain_text(text)
