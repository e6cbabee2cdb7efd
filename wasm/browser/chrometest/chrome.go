package chrometest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// names are what a Chromium is called on the systems that have one.
var names = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// errNoChromium is a reason to skip.
var errNoChromium = errors.New("chromium is not installed")

// Chromium returns the path of a Chromium: that of the environment variable CHROMIUM, or one
// in PATH.
func Chromium() (string, error) {
	if path := os.Getenv("CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errNoChromium
}

// Browser is one running Chromium.
type Browser struct {
	ctx    context.Context
	cancel context.CancelFunc
	proxy  *recorder
}

// Start starts a Chromium with a profile of its own. Stop ends it.
func Start() (*Browser, error) {
	path, err := Chromium()
	if err != nil {
		return nil, err
	}
	proxy, err := record()
	if err != nil {
		return nil, err
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.WindowSize(1280, 900),
		// Requests to other machines go to the recorder, so none stays unseen, not even a
		// worker's.
		chromedp.ProxyServer(proxy.address()),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("disable-gpu", true),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // it refuses to start as root with one
	}
	allocator, end := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	b := &Browser{ctx: ctx, proxy: proxy, cancel: func() { cancel(); end(); proxy.close() }}
	if err := chromedp.Do(ctx); err != nil {
		b.cancel()
		return nil, err
	}
	return b, nil
}

// Stop ends the browser.
func (b *Browser) Stop() error {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	err := chromedp.Cancel(ctx)
	b.cancel()
	return err
}

// recorder is a proxy that answers nothing and remembers what it was asked for.
type recorder struct {
	listener net.Listener
	mu       sync.Mutex
	asked    []string
}

func record() (*recorder, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &recorder{listener: l}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	return r, nil
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, q.Method+" "+q.URL.String()+" "+q.Host)
	r.mu.Unlock()
	w.WriteHeader(http.StatusBadGateway)
}

func (r *recorder) address() string { return "http://" + r.listener.Addr().String() }
func (r *recorder) close()          { _ = r.listener.Close() }

// own are the domains that a Chromium asks for things of its own.
var own = []string{".google.com", ".googleapis.com", ".gvt1.com", ".gstatic.com"}

// Asked returns the requests of pages to other machines so far. Any is a fault.
func (b *Browser) Asked() []string {
	b.proxy.mu.Lock()
	defer b.proxy.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.proxy.asked), func(asked string) bool {
		host, _, _ := strings.Cut(asked[strings.LastIndexByte(asked, ' ')+1:], ":")
		return slices.ContainsFunc(own, func(domain string) bool { return strings.HasSuffix(host, domain) })
	})
}

// limit bounds one step of a test that will never end. No machine is that slow.
const limit = time.Minute

// step runs an action of a page, and fails the test with its error.
func step[T any](p *Page, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.fail(what, err)
	}
	return v
}

// call sends a command of the protocol to a page, and fails the test with its error.
func call[P, R any](p *Page, what string, c cdp.Command[P, R], params P) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, limit)
	defer cancel()
	v, err := chromedp.Call(ctx, c, params)
	if err != nil {
		p.fail(what, err)
	}
	return v
}

// fail ends a test with what the page shows.
func (p *Page) fail(what string, err error) {
	p.t.Helper()
	p.t.Fatalf("%s: %v\n%s", what, err, p.state())
}

// Skip skips a test without one of the programs it needs. CI forbids that; see NO_SKIP.
func Skip(t testing.TB) {
	t.Helper()
	if _, err := Chromium(); err != nil {
		t.Skip(err)
	}
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
}
