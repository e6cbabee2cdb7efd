package inspect

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
)

const pageText = `<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; connect-src 'self'">` +
	`<meta name="thaw-store" content=""><p>page`

func zipped(t testing.TB, text string) *fstest.MapFile {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &fstest.MapFile{Data: b.Bytes()}
}

func pageFiles(t testing.TB) fstest.MapFS {
	return fstest.MapFS{pageFile: zipped(t, pageText), scratchFile: zipped(t, "scratch()")}
}

// served is a server of a directory with one segment.
type served struct {
	*Server
	dir string
}

func serve(t *testing.T, fsys fsabstraction.ReadFS) served {
	dir := t.TempDir()
	put(t, dir, "000001.fbat", "0123456789")
	s, err := Listen(pageFiles(t), fsys, dir, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		for _, all := range s.store.files {
			for _, f := range all {
				require.Nil(t, f.handle, f.name)
			}
		}
	})
	return served{s, dir}
}

func put(t *testing.T, dir, name, text string) {
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
}

// replace gives a name to a new file, as a writer does.
func replace(t *testing.T, dir, name, text string) {
	put(t, dir, "new", text)
	require.NoError(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, name)))
}

type answer struct {
	code   int
	body   string
	header http.Header
}

// ask sends one request on a connection of its own. pairs are names and values of headers.
func ask(t *testing.T, method, address string, pairs ...string) answer {
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	require.NoError(t, err)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "Host" {
			r.Host = pairs[i+1]
		}
		r.Header.Set(pairs[i], pairs[i+1])
	}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	got, err := client.Do(r)
	require.NoError(t, err)
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return answer{got.StatusCode, string(b), got.Header}
}

func (s served) get(t *testing.T, rest string, pairs ...string) answer {
	return ask(t, "GET", s.Address()+rest, pairs...)
}

func (s served) listing(t *testing.T) map[string]Listed {
	var all []Listed
	got := s.get(t, "store/")
	require.Equal(t, 200, got.code, got.body)
	require.NoError(t, json.Unmarshal([]byte(got.body), &all))
	byName := map[string]Listed{}
	for _, f := range all {
		byName[f.Name] = f
	}
	return byName
}

func TestPage(t *testing.T) {
	s := serve(t, osfs.FS{})
	got := s.get(t, "")
	require.Equal(t, 200, got.code)
	require.Equal(t, strings.Replace(pageText, `content="">`, `content="store/">`, 1), got.body)
	require.Equal(t, "default-src 'none'; connect-src 'self'; frame-ancestors 'none'", got.header.Get("Content-Security-Policy"))
	require.Equal(t, "text/html; charset=utf-8", got.header.Get("Content-Type"))
	scratch := s.get(t, "scratch.js")
	require.Equal(t, "scratch()", scratch.body)
	require.Equal(t, "text/javascript; charset=utf-8", scratch.header.Get("Content-Type"))
	head := ask(t, "HEAD", s.Address())
	require.Equal(t, 200, head.code)
	require.Empty(t, head.body)
	for _, a := range []answer{got, scratch, head, s.get(t, "store/"), s.get(t, "store/000001.fbat"), s.get(t, "no")} {
		require.Equal(t, "no-store", a.header.Get("Cache-Control"))
		require.Equal(t, "no-referrer", a.header.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
		require.Contains(t, a.header.Get("Content-Security-Policy"), "default-src 'none'")
		require.Contains(t, a.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Empty(t, a.header.Get("Access-Control-Allow-Origin"))
	}
}

// TestName: the page gets the name of the directory, whatever is in it.
func TestName(t *testing.T) {
	files := fstest.MapFS{pageFile: zipped(t, pageText+`<meta name="thaw-name" content="">`)}
	name := func(dir string) string {
		s, err := Listen(files, osfs.FS{}, dir, 0)
		require.NoError(t, err)
		defer s.Close()
		_, name, ok := strings.Cut(string(s.page.html), `<meta name="thaw-name" content="`)
		require.True(t, ok)
		return name
	}
	dir := t.TempDir()
	require.Equal(t, filepath.Base(dir)+`">`, name(dir+"/"))
	require.Equal(t, `a&#34;&gt;&lt;script&gt;$1`+"\uFFFD"+`">`, name(filepath.Join(dir, "a\"><script>$1\xff")))
	t.Chdir(dir)
	require.Equal(t, filepath.Base(dir)+`">`, name("."))
}

// TestOnlyLoopback: it listens nowhere else.
func TestOnlyLoopback(t *testing.T) {
	s := serve(t, osfs.FS{})
	at, err := url.Parse(s.Address())
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", at.Hostname())
	require.Len(t, strings.Trim(at.Path, "/"), 26, "130 random bits in base 32")
	require.NotEqual(t, s.token, serve(t, osfs.FS{}).token)
}

// TestRefused: whatever is not the page or a file of the store is missing.
func TestRefused(t *testing.T) {
	s := serve(t, osfs.FS{})
	put(t, s.dir, "secret.txt", "no file of a store")
	put(t, s.dir, "names.thaw", "names")
	require.NoError(t, os.Mkdir(filepath.Join(s.dir, "000002.fbat"), 0o777))
	outside := filepath.Join(t.TempDir(), "000009.fbat")
	put(t, filepath.Dir(outside), filepath.Base(outside), "outside")
	require.NoError(t, os.Symlink(outside, filepath.Join(s.dir, "000003.fbat")))
	require.NoError(t, os.Link(filepath.Join(s.dir, "000001.fbat"), filepath.Join(s.dir, "index.thaw.x")))
	files := s.listing(t)
	require.False(t, files["000002.fbat"].Regular)
	require.False(t, files["000003.fbat"].Regular)
	require.Equal(t, "names", s.get(t, "store/names.thaw").body)
	root := strings.TrimSuffix(s.Address(), s.token+"/")
	wrong := []byte(s.token)
	wrong[len(wrong)-1] ^= 1
	for _, address := range []string{
		root, root + "store/", root + s.token, root + s.token[:25] + "/", root + string(wrong) + "/", root + "/" + s.token + "/",
		root + strings.ToLower(s.token) + "/", root + s.token + "x/", root + string(wrong) + "/store/000001.fbat", root + "favicon.ico",
		s.Address() + "store", s.Address() + "store/secret.txt", s.Address() + "store/none.fbat", s.Address() + "store/000001.fbat/",
		s.Address() + "store/../store/000001.fbat", s.Address() + "store/%2e%2e/000009.fbat", s.Address() + "store/./000001.fbat",
		s.Address() + "store/" + url.PathEscape(outside), s.Address() + "store//000001.fbat", s.Address() + "store/000001.fbat%00",
		s.Address() + "inspector.html", s.Address() + "index.html", s.Address() + "/",
	} {
		got := ask(t, "GET", address)
		require.Equal(t, 404, got.code, address)
		require.Equal(t, "not found\n", got.body, address)
	}
	for _, name := range []string{"000002.fbat", "000003.fbat"} {
		got := s.get(t, "store/"+name)
		require.Equal(t, 412, got.code, name)
		require.NotContains(t, got.body, "outside")
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} {
		require.Equal(t, 405, ask(t, method, s.Address()+"store/000001.fbat").code, method)
		require.Equal(t, 404, ask(t, method, root+"store/000001.fbat").code, method)
	}
}

// TestHost: a name of another machine that was made to lead here gets nothing.
func TestHost(t *testing.T) {
	s := serve(t, osfs.FS{})
	port := s.listener.Addr().String()[len("127.0.0.1"):]
	for _, host := range []string{"127.0.0.1" + port, "localhost" + port, "LOCALHOST:8000", "[::1]:8000", "localhost", "127.0.0.1"} {
		require.Equal(t, 200, s.get(t, "store/", "Host", host).code, host)
	}
	for _, host := range []string{
		"evil.example", "evil.example" + port, "127.0.0.1.evil.example" + port, "localhost.evil.example", "127.0.0.2" + port,
		"0.0.0.0" + port, "10.0.0.1" + port, "[::2]:8000", "x@localhost",
	} {
		require.Equal(t, 404, s.get(t, "store/", "Host", host).code, host)
		require.Equal(t, 404, s.get(t, "", "Host", host).code, host)
	}
}

// TestRanges: bytes of a file, and of one that grows.
func TestRanges(t *testing.T) {
	s := serve(t, osfs.FS{})
	tag := s.listing(t)["000001.fbat"].Tag
	whole := s.get(t, "store/000001.fbat")
	require.Equal(t, "0123456789", whole.body)
	require.Equal(t, `"`+tag+`"`, whole.header.Get("ETag"))
	for _, match := range []string{tag, `"` + tag + `"`, "*", ""} {
		got := s.get(t, "store/000001.fbat", "Range", "bytes=2-4", "If-Match", match)
		require.Equal(t, 206, got.code, match)
		require.Equal(t, "234", got.body)
		require.Equal(t, "bytes 2-4/10", got.header.Get("Content-Range"))
	}
	require.Equal(t, 416, s.get(t, "store/000001.fbat", "Range", "bytes=10-12").code)

	f, err := os.OpenFile(filepath.Join(s.dir, "000001.fbat"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("more")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, "more", s.get(t, "store/000001.fbat", "Range", "bytes=10-13", "If-Match", tag).body)
	grown := s.listing(t)["000001.fbat"]
	require.Equal(t, Listed{Name: "000001.fbat", Size: 14, Regular: true, Tag: tag}, grown)
	require.Equal(t, 206, s.get(t, "store/000001.fbat", "Range", "bytes=13-20", "If-Match", tag).code, "up to its end")
}

// TestReplaced: the tag of a file stands for it, not for its name.
func TestReplaced(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it does not replace open files") // osfs shares them; the rename of package os does not
	}
	for _, name := range []string{"000001.fbat", "index.thaw"} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, osfs.FS{})
			put(t, s.dir, name, "first")
			first := s.listing(t)[name].Tag
			if name == "000001.fbat" {
				require.Equal(t, 200, s.get(t, "store/"+name, "If-Match", first).code)
				require.Equal(t, 1, s.store.CloseIdle())
			}
			replace(t, s.dir, name, "second")
			got := s.get(t, "store/"+name, "If-Match", first)
			if name == "index.thaw" { // still open
				require.Equal(t, "first", got.body)
			} else {
				require.Equal(t, 412, got.code, got.body)
			}
			second := s.listing(t)[name].Tag
			require.NotEqual(t, first, second)
			require.Equal(t, "second", s.get(t, "store/"+name, "If-Match", second).body)
			require.Equal(t, "second", s.get(t, "store/"+name).body)

			for range listingsKept {
				s.listing(t)
			}
			require.Equal(t, 412, s.get(t, "store/"+name, "If-Match", first).code)
			require.Equal(t, 412, s.get(t, "store/"+name, "If-Match", "other").code)
			require.NoError(t, os.Remove(filepath.Join(s.dir, name)))
			for range listingsKept {
				s.listing(t)
			}
			require.Equal(t, 404, s.get(t, "store/"+name, "If-Match", second).code)
		})
	}
}

// TestNumberUsedAgain: a file that gets the number of a removed one is another file.
func TestNumberUsedAgain(t *testing.T) {
	s := serve(t, osfs.FS{})
	put(t, s.dir, "index.thaw", "0")
	tags := map[string]bool{s.listing(t)["index.thaw"].Tag: true}
	for i := 1; i < 20; i++ {
		replace(t, s.dir, "index.thaw", number(i))
		tags[s.listing(t)["index.thaw"].Tag] = true
		require.Len(t, tags, i+1)
	}
}

// TestOrder: index files come before segments, hidden ranges last.
func TestOrder(t *testing.T) {
	s := serve(t, osfs.FS{})
	for _, name := range []string{"visibility_ranges.fbv", "synced.thaw", "index.thaw", "index.fbati", "zzz", "000002.fbat"} {
		put(t, s.dir, name, "x")
	}
	var all []Listed
	require.NoError(t, json.Unmarshal([]byte(s.get(t, "store/").body), &all))
	var names []string
	for _, f := range all {
		names = append(names, f.Name)
	}
	require.Equal(t, []string{"index.fbati", "index.thaw", "synced.thaw", "zzz", "000001.fbat", "000002.fbat", "visibility_ranges.fbv"}, names)
}

// TestManyFiles: few stay open.
func TestManyFiles(t *testing.T) {
	s := serve(t, osfs.FS{})
	for i := range 3 * openFiles {
		put(t, s.dir, segmentName(i+1), number(i))
	}
	for name := range s.listing(t) {
		require.Equal(t, 200, s.get(t, "store/"+name).code)
		s.store.mu.Lock()
		require.LessOrEqual(t, len(s.store.open), openFiles)
		s.store.mu.Unlock()
	}
}

func segmentName(i int) string { return strings.Repeat("0", 6-len(number(i))) + number(i) + ".fbat" }

// broken is a file system whose directory cannot be listed, and whose files cannot be read.
type broken struct{ osfs.FS }

var errBroken = &fs.PathError{Op: "read", Path: "disk", Err: os.ErrDeadlineExceeded}

func (broken) Open(string) (fsabstraction.File, error) { return nil, errBroken }

type blind struct{ osfs.FS }

func (blind) ReadDir(string) ([]fsabstraction.Entry, error) { return nil, errBroken }

// TestFailures: the page can show what failed.
func TestFailures(t *testing.T) {
	s := serve(t, broken{})
	s.listing(t)
	got := s.get(t, "store/000001.fbat")
	require.Equal(t, 500, got.code)
	require.Equal(t, errBroken.Error()+"\n", got.body)
	got = serve(t, blind{}).get(t, "store/")
	require.Equal(t, 500, got.code)
	require.Contains(t, got.body, errBroken.Error())
}

func TestBadPages(t *testing.T) {
	listen := func(files fs.FS) error {
		s, err := Listen(files, osfs.FS{}, t.TempDir(), 0)
		if err == nil {
			err = s.Close()
		}
		return err
	}
	require.NoError(t, listen(pageFiles(t)))
	require.ErrorIs(t, listen(fstest.MapFS{}), ErrNoPage)
	for text, files := range map[string]fstest.MapFS{
		"invalid header":             {pageFile: {Data: []byte("no zip, and longer than the header of one")}},
		"no content security policy": {pageFile: zipped(t, `<meta name="thaw-store" content="">`)},
		"0 places":                   {pageFile: zipped(t, "<p>")},
		"2 places":                   {pageFile: zipped(t, pageText+pageText)},
		"scratch.js.gz":              {pageFile: zipped(t, pageText), scratchFile: {Data: []byte("no zip")}},
	} {
		require.ErrorContains(t, listen(files), text)
	}
	cut := pageFiles(t)
	cut[pageFile].Data = cut[pageFile].Data[:40]
	require.Error(t, listen(cut))

	// Without the scratch store the page still opens.
	s, err := Listen(fstest.MapFS{pageFile: zipped(t, pageText)}, osfs.FS{}, t.TempDir(), 0)
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestBrowserAddress: it leads to the page once, from the loopback, by GET. Later addresses
// replace earlier ones.
func TestBrowserAddress(t *testing.T) {
	s := serve(t, osfs.FS{})
	old := s.BrowserAddress()
	address := s.BrowserAddress()
	require.NotContains(t, address, s.token)
	for _, refused := range []answer{
		ask(t, "GET", old), ask(t, "HEAD", address), ask(t, "POST", address), ask(t, "GET", address+"store/"),
		ask(t, "GET", strings.TrimSuffix(address, "/")), ask(t, "GET", address, "Host", "evil.example"),
	} {
		require.Equal(t, 404, refused.code)
		require.Empty(t, refused.header.Get("Location"))
	}
	got := ask(t, "GET", address, "Host", "localhost:8000")
	require.Equal(t, 303, got.code)
	require.Equal(t, "/"+s.token+"/", got.header.Get("Location"), "on the port of the request: it may be a tunnel's")
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	require.Equal(t, 404, ask(t, "GET", address).code)
	require.Equal(t, 200, s.get(t, "").code)
}

// TestNoServerOptions: a request for no path needs a token like any other.
func TestNoServerOptions(t *testing.T) {
	s := serve(t, osfs.FS{})
	c, err := net.Dial("tcp", s.listener.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	b, err := io.ReadAll(c)
	require.NoError(t, err)
	require.Contains(t, string(b), "HTTP/1.1 404 ")
}

// TestEnd: an answer under way has a moment; a browser that does not read it does not hold the
// end up.
func TestEnd(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "000001.fbat", "")
	require.NoError(t, os.Truncate(filepath.Join(dir, "000001.fbat"), 64<<20)) // more than connections buffer
	s, err := Listen(pageFiles(t), osfs.FS{}, dir, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	_, err = s.store.list()
	require.NoError(t, err)
	got, err := http.Get(s.Address() + "store/000001.fbat")
	require.NoError(t, err)
	defer got.Body.Close()
	cancel()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
	_, err = http.Get(s.Address())
	require.Error(t, err)
}

func TestOpener(t *testing.T) {
	for system, name := range map[string]string{"linux": "xdg-open", "darwin": "open", "windows": "rundll32", "freebsd": "xdg-open"} {
		require.Equal(t, name, opener(system)[0])
	}
	t.Setenv("PATH", t.TempDir())
	require.Error(t, Browse(t.Context(), "http://127.0.0.1/"))
}
