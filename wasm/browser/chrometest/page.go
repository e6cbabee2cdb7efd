package chrometest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Page is a tab with its own storage.
type Page struct {
	t      testing.TB
	ctx    context.Context
	loads  int // how often the test has loaded an address
	folder string

	mu       sync.Mutex
	problems []string
	requests []string
	expected []string // parts of problems that the test is about
	begun    map[string]string
	done     chan download
}

type download struct{ name, path string }

// canary runs before each page. A script that a page was made to run by a text from a store
// calls it.
const canary = `globalThis.canaries = []
globalThis.canary = (why) => { canaries.push(String(why)) }
for (const name of ['alert', 'confirm', 'prompt', 'open']) globalThis[name] = () => canary(name)
globalThis.violations = []
addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))
globalThis.testing = {
	one: (test) => document.querySelector('[data-test="' + test + '"]'),
	frame: () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
	// until waits for something truthy, for a second: longer waits are the test's.
	async until(f) {
		for (const began = performance.now(); performance.now() < began + 1000;) {
			if (await f()) return true
			await new Promise((done) => setTimeout(done, 4))
		}
		return false
	},
}
{
	const workers = []
	const Worker = globalThis.Worker
	globalThis.Worker = class extends Worker {
		constructor(...args) { super(...args); workers.push(this) }
	}
	testing.workers = workers
}`

// New opens an empty tab for a test. What goes wrong in it until the end of the test fails
// the test.
func (b *Browser) New(t testing.TB) *Page {
	t.Helper()
	p := &Page{t: t, folder: t.TempDir(), begun: map[string]string{}, done: make(chan download, 16)}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	if err := chromedp.Do(ctx); err != nil { // not with the time of one step: the tab lives as long as this context
		t.Fatal("open a tab:", err)
	}
	messages := chromedp.Console(ctx)
	var read sync.WaitGroup
	read.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			p.hear(m)
		}
	})
	began := chromedp.BrowserEvents(ctx, browser.DownloadWillBegin)
	read.Go(func() {
		for e, err := range began {
			if err != nil {
				return
			}
			p.mu.Lock()
			p.begun[e.GUID] = e.SuggestedFilename
			p.mu.Unlock()
		}
	})
	progress := chromedp.BrowserEvents(ctx, browser.DownloadProgress)
	read.Go(func() {
		for e, err := range progress {
			if err != nil {
				return
			}
			p.downloaded(e)
		}
	})
	t.Cleanup(func() {
		if !t.Failed() && p.loads > 0 {
			p.Check()
		}
		cancel()
		read.Wait()
	})
	yes := true
	limited, stop := context.WithTimeout(ctx, limit)
	defer stop()
	if _, err := chromedp.CallBrowser(limited, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: p.folder, EventsEnabled: &yes,
		BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
	}); err != nil {
		t.Fatal(err)
	}
	call(p, "prepare a tab", page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: canary})
	return p
}

// of makes a part of the page's test the one that what goes wrong fails.
func (p *Page) of(t testing.TB) {
	was := p.t
	p.t = t
	t.Cleanup(func() { p.t = was })
}

// listen notes the requests of the page itself.
func (p *Page) listen(ev any) {
	// What the page itself has, in a URL, is no request.
	if e, ok := ev.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, "blob:") && !strings.HasPrefix(e.Request.URL, "data:") {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.requests = append(p.requests, e.Request.URL)
	}
}

// hear notes what the page writes to the console.
func (p *Page) hear(m chromedp.ConsoleMessage) {
	switch m.Type {
	case chromedp.ConsoleWarning, chromedp.ConsoleError, chromedp.ConsoleException, "assert":
		text := fmt.Sprintf("console: %s (%s:%d)", m, shorten(m.URL), m.Line+1)
		if m.Stack != nil && len(m.Stack.CallFrames) > 0 {
			f := m.Stack.CallFrames[0]
			text += fmt.Sprintf(" in %s, line %d, column %d", f.FunctionName, f.LineNumber+1, f.ColumnNumber)
		}
		p.mu.Lock()
		p.problems = append(p.problems, text)
		p.mu.Unlock()
	case chromedp.ConsoleLog, chromedp.ConsoleInfo, chromedp.ConsoleDebug:
		p.t.Log(m)
	}
}

func shorten(s string) string { return s[:min(len(s), 100)] }

func (p *Page) downloaded(e browser.EventDownloadProgress) {
	if e.State != browser.DownloadProgressStateCompleted && e.State != browser.DownloadProgressStateCanceled {
		return
	}
	p.mu.Lock()
	name := p.begun[e.GUID]
	p.mu.Unlock()
	path := filepath.Join(p.folder, e.GUID)
	if _, err := os.Stat(path); err == nil {
		p.done <- download{name, path}
	}
}

// Load opens an address.
func (p *Page) Load(address string) {
	p.t.Helper()
	p.loads++
	step(p, "load "+address, chromedp.Navigate(address))
}

// Reload loads the page again, with its hash.
func (p *Page) Reload() {
	p.t.Helper()
	step(p, "reload", chromedp.Reload())
}

// Expect makes problems with this text no fault.
func (p *Page) Expect(part string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, part)
}

// Check fails the test with every problem so far.
func (p *Page) Check() {
	p.t.Helper()
	for _, list := range []string{"canaries", "violations"} {
		for _, v := range Eval[[]string](p, list) {
			p.mu.Lock()
			p.problems = append(p.problems, list+": "+v)
			p.mu.Unlock()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
problems:
	for _, text := range p.problems {
		for _, part := range p.expected {
			if strings.Contains(text, part) {
				continue problems
			}
		}
		p.t.Error(text)
	}
	p.problems = nil
}

// Requests returns the addresses that the page asked for.
func (p *Page) Requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.requests...)
}

// Eval evaluates an expression in the page, and waits for it if it is a promise.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return step(p, expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// Wait waits until an expression is truthy.
func (p *Page) Wait(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		var ok bool
		ok, err = chromedp.Run(ctx, chromedp.Evaluate[bool]("testing.until(() => "+expression+")", chromedp.EvalAwaitPromise))
		if err == nil && ok {
			return
		}
		if err != nil { // it loads
			time.Sleep(10 * time.Millisecond)
		}
	}
	p.fail("waiting for "+expression, err)
}

// Rest waits until the page is at rest: nothing is being read, and the last state is painted.
func (p *Page) Rest() {
	p.t.Helper()
	p.Wait("!document.querySelector('[aria-busy=true], .spinner')")
	Eval[bool](p, "testing.frame().then(() => true)")
	p.Wait("!document.querySelector('[aria-busy=true], .spinner')")
}

// within is an expression for the element with a data-test attribute.
func within(test string) string { return "document.querySelector(" + quote(Test(test)) + ")" }

// Test returns the selector of the element with a data-test attribute.
func Test(name string) string { return `[data-test="` + name + `"]` }

// quote makes a JavaScript string.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Text waits for the element with a data-test attribute and returns its text.
func (p *Page) Text(test string) string {
	p.t.Helper()
	p.Wait(within(test))
	return Eval[string](p, within(test)+".textContent.trim()")
}

// WaitText waits until the text of an element is this one.
func (p *Page) WaitText(test, want string) {
	p.t.Helper()
	p.Wait(within(test) + "?.textContent.trim() === " + quote(want))
}

// Texts returns the texts of all elements with a data-test attribute.
func (p *Page) Texts(test string) []string {
	p.t.Helper()
	return Eval[[]string](p, "[...document.querySelectorAll("+quote(Test(test))+")].map((e) => e.textContent.trim())")
}

// Has reports whether there is such an element now.
func (p *Page) Has(selector string) bool {
	p.t.Helper()
	return Eval[bool](p, "document.querySelector("+quote(selector)+") !== null")
}

// box waits until an element is there and at rest, scrolls it into view and returns its place.
func (p *Page) box(selector string) (x, y, width, height float64) {
	p.t.Helper()
	element := "document.querySelector(" + quote(selector) + ")"
	p.Wait(element)
	b := Eval[[]float64](p, `(async () => {
		const e = `+element+`
		e.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
		await testing.frame()
		const b = (`+element+` ?? e).getBoundingClientRect()
		return [b.x, b.y, b.width, b.height]
	})()`)
	return b[0], b[1], b[2], b[3]
}

// Click clicks the middle of an element with the mouse.
func (p *Page) Click(selector string) {
	p.t.Helper()
	x, y, w, h := p.box(selector)
	p.ClickAt(x+w/2, y+h/2)
}

// ClickAt clicks at a point of the window.
func (p *Page) ClickAt(x, y float64) {
	p.t.Helper()
	step(p, "click", chromedp.MouseClickXY(x, y))
}

// Drag presses the mouse in an element at one share of its width and releases it at another.
func (p *Page) Drag(selector string, from, to float64) {
	p.t.Helper()
	x, y, w, h := p.box(selector)
	step(p, "drag", chromedp.DragAndDropXY(x+w*from, y+h/2, x+w*to, y+h/2))
}

// Key presses keys, such as "j" or kb.Enter, wherever the focus is.
func (p *Page) Key(keys string) {
	p.t.Helper()
	step(p, "press "+quote(keys), chromedp.KeyEvent(keys))
}

// Type replaces the text of a field.
func (p *Page) Type(selector, text string) {
	p.t.Helper()
	p.Click(selector)
	Eval[bool](p, "(document.activeElement.select?.(), true)")
	if text == "" {
		step(p, "delete", chromedp.KeyEvent("\u0008"))
		return
	}
	call(p, "type", input.InsertText, input.InsertTextParams{Text: text})
}

// Drop drops files or folders on the window, as a file manager does.
func (p *Page) Drop(paths ...string) {
	p.t.Helper()
	d := &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{
		input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop,
	} {
		call(p, "drop", input.DispatchDragEvent, input.DispatchDragEventParams{Type: kind, X: 200, Y: 200, Data: d})
	}
}

// Choose chooses files, or a folder where the field wants one.
func (p *Page) Choose(selector string, paths ...string) {
	p.t.Helper()
	p.Wait("document.querySelector(" + quote(selector) + ")")
	e := call(p, "choose", runtime.Evaluate, runtime.EvaluateParams{Expression: "document.querySelector(" + quote(selector) + ")"})
	call(p, "choose", dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: paths, ObjectID: e.Result.ObjectID})
}

// Download waits for a download that do starts, and returns its name and where it is.
func (p *Page) Download(do func()) (name, path string) {
	p.t.Helper()
	do()
	select {
	case d := <-p.done:
		return d.name, d.path
	case <-time.After(limit):
		p.fail("waiting for a download", context.DeadlineExceeded)
		return "", ""
	}
}

// Size sets the width and height of the window.
func (p *Page) Size(width, height int64) {
	p.t.Helper()
	step(p, "resize", chromedp.EmulateViewport(width, height))
}

// Scheme makes the system light or dark.
func (p *Page) Scheme(scheme string) {
	p.t.Helper()
	call(p, "prefer "+scheme, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
}

// Shot writes a picture of the window.
func (p *Page) Shot(file string) {
	p.t.Helper()
	b := step(p, "screenshot", chromedp.CaptureScreenshot())
	if err := os.WriteFile(file, b, 0o666); err != nil {
		p.t.Fatal(err)
	}
}

// state is what a failed test prints.
func (p *Page) state() string {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body?.innerText.slice(0, 3000)"))
	if err != nil {
		text = "the page does not answer: " + err.Error()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return text + "\n" + strings.Join(p.problems, "\n")
}
