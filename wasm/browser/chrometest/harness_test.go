package chrometest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// faults is a test that remembers what it was failed for.
type faults struct {
	testing.TB
	texts []string
}

func (f *faults) Error(args ...any) { f.texts = append(f.texts, fmt.Sprint(args...)) }

// probe is the address of a small page, as a file and over HTTP.
func probes(t *testing.T) []string {
	dir, err := filepath.Abs("testdata/probe")
	require.NoError(t, err)
	s := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(s.Close)
	return []string{"file://" + filepath.ToSlash(dir) + "/probe.html", s.URL + "/probe.html"}
}

// TestHarness: what the tests do to a page arrives there.
func TestHarness(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	folder, err := filepath.Abs("testdata/probe/folder")
	require.NoError(t, err)
	for _, address := range probes(t) {
		p := b.New(t)
		p.Load(address)
		p.WaitText("ready", "yes")
		require.Equal(t, []string{address}, p.Requests())

		p.Drop(folder)
		p.Wait(within("got") + ".textContent.includes('c.txt')")
		p.Drop(filepath.Join(folder, "a.txt"), filepath.Join(folder, "b.txt"))
		p.Wait(within("got") + ".textContent.includes('dropped b.txt')")
		p.Choose("#folder", folder)
		p.Wait(within("got") + ".textContent.includes('chosen folder')")
		p.Choose("#files", filepath.Join(folder, "b.txt"))
		p.Wait(within("got") + ".textContent.includes('chosen b.txt')")
		p.Type("#text", "one")
		p.Type("#text", "two")
		p.Click(Test("ready"))
		p.Key("j")
		p.Key(kb.Enter)
		p.Key(kb.Escape)
		p.Key("?")
		require.Equal(t, []string{
			"dropped folder/a.txt=aaa,folder/b.txt=bb,folder/inner/c.txt=c",
			"dropped a.txt=aaa",
			"dropped b.txt=bb",
			"chosen folder/a.txt=aaa,folder/b.txt=bb,folder/inner/c.txt=c",
			"chosen b.txt=bb",
			"typed one", "typed two",
			"key j", "key Enter", "key Escape", "key ?",
		}, strings.Split(p.Text("got"), "\n"))

		name, path := p.Download(func() { Eval[bool](p, "(save(), true)") })
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "some name.txt content", name+" "+string(got))

		p.Size(360, 640)
		require.Equal(t, 360, Eval[int](p, "innerWidth"))
		for _, scheme := range []string{"dark", "light"} {
			p.Scheme(scheme)
			require.True(t, Eval[bool](p, "matchMedia('(prefers-color-scheme: "+scheme+")').matches"))
		}
		shot := filepath.Join(t.TempDir(), "shot.png")
		p.Shot(shot)
		require.FileExists(t, shot)
	}
}

// heard reports whether the page wrote what is a problem.
func (p *Page) heard() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.problems) > 0
}

// TestFaults: what must not happen in a page fails its test.
func TestFaults(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	for _, c := range []struct{ do, want string }{
		{"console.error('something')", "something"},
		{"console.warn('careful')", "careful"},
		{"setTimeout(() => { throw new Error('thrown') })", "thrown"},
		{"Promise.reject(new Error('rejected'))", "rejected"},
		{"document.body.setAttribute('onclick', 'canary(1)')", "violations: script-src-attr inline"},
		{"document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }))", "violations: script-src-elem inline"},
		{"setTimeout('1')", "violations: script-src eval"},
		{"canary('here')", "canaries: here"},
		{"alert(1)", "canaries: alert"},
	} {
		f := &faults{TB: t}
		p := b.New(f)
		p.Load(probes(t)[0])
		Eval[bool](p, "(()=>{"+c.do+"; return true})()")
		heard := func() { // by the page, or here
			for !Eval[bool](p, "canaries.length + violations.length > 0") && !p.heard() {
				time.Sleep(5 * time.Millisecond)
			}
		}
		heard()
		p.Check()
		require.Contains(t, strings.Join(f.texts, "\n"), c.want, c.do)

		f.texts = nil
		p.Expect(c.want)
		Eval[bool](p, "(()=>{canaries = []; violations = []; "+c.do+"; return true})()")
		heard()
		p.Check()
		require.NotContains(t, strings.Join(f.texts, "\n"), c.want, c.do)
		p.loads = 0 // the rest of what it wrote is no fault of this test
	}
}

// TestRequests: a request to another machine is seen, a worker's too.
func TestRequests(t *testing.T) {
	b := chromium(t)
	p := b.New(t)
	p.Expect("console")
	p.Load(probes(t)[1])
	for _, do := range []string{
		"fetch('http://page.example/')",
		"new Worker(URL.createObjectURL(new Blob(['fetch(\"http://worker.example/\")'])))",
		"new Image().src = 'http://image.example/'",
	} {
		Eval[bool](p, "(()=>{"+do+"; return true})()")
	}
	for _, host := range []string{"page.example", "worker.example", "image.example"} {
		require.Eventually(t, func() bool {
			return slices.ContainsFunc(b.Asked(), func(s string) bool { return strings.Contains(s, host) })
		}, limit, limit/1000, host)
	}
	b.proxy.mu.Lock()
	b.proxy.asked = slices.DeleteFunc(b.proxy.asked, func(s string) bool { return strings.Contains(s, ".example") })
	b.proxy.mu.Unlock()
}
