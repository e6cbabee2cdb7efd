package inspect

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/thawlog/thaw/fsabstraction"
)

// Server serves the page and one store on the loopback.
type Server struct {
	page     *page
	store    *store
	token    string
	once     atomic.Pointer[string] // the token of BrowserAddress, nil when it was used
	listener net.Listener
}

// Listen begins to listen on a port of the loopback, 0 for any. files has the page; see
// [Embedded]. Close ends it.
func Listen(files fs.FS, fsys fsabstraction.ReadFS, dir string, port uint16) (*Server, error) {
	p, err := loadPage(files, nameOf(dir))
	if err != nil {
		return nil, err
	}
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, err
	}
	return &Server{page: p, store: newStore(fsys, dir), token: rand.Text(), listener: l}, nil
}

// nameOf is the name of a directory for people: "." has one too.
func nameOf(dir string) string {
	if whole, err := filepath.Abs(dir); err == nil {
		dir = whole
	}
	return filepath.Base(dir)
}

// Address is where the page is. Whoever knows it can read the store.
func (s *Server) Address() string {
	return "http://" + s.listener.Addr().String() + "/" + s.token + "/"
}

// BrowserAddress is an address that leads to the page once, and only the latest one does.
// Every user of the machine can read the arguments of the command that starts the browser,
// so [Server.Address] must not be among them.
func (s *Server) BrowserAddress() string {
	token := rand.Text()
	s.once.Store(&token)
	return "http://" + s.listener.Addr().String() + "/" + token + "/"
}

// headersWithin bounds the time and, in bytes, the size of a request's headers.
const (
	headersWithin = 10 * time.Second
	headersAtMost = 16 << 10
	// endsWithin is how long answers may take after the end.
	endsWithin = time.Second
)

// Serve answers requests until ctx ends, and then returns nil.
func (s *Server) Serve(ctx context.Context) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headersWithin, MaxHeaderBytes: headersAtMost,
		ErrorLog:                     log.New(io.Discard, "", 0), // of connections that break
		DisableGeneralOptionsHandler: true,                       // it answers without a token
	}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		within, cancel := context.WithTimeout(context.Background(), endsWithin)
		defer cancel()
		if server.Shutdown(within) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(s.listener)
	if !stop() {
		<-ended
		err = nil
	}
	return errors.Join(err, s.store.close())
}

// Close ends a server that does not serve.
func (s *Server) Close() error { return errors.Join(s.listener.Close(), s.store.close()) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	rest, ok := s.inside(r)
	switch {
	case !ok && s.first(r):
		http.Redirect(w, r, "/"+s.token+"/", http.StatusSeeOther)
	case !ok:
		missing(w)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		h.Set("Allow", "GET, HEAD")
		say(w, http.StatusMethodNotAllowed, "only GET and HEAD")
	case rest == "":
		h.Set("Content-Security-Policy", s.page.policy)
		content(w, r, "text/html; charset=utf-8", s.page.html)
	case rest == "scratch.js" && s.page.scratch != nil:
		content(w, r, "text/javascript; charset=utf-8", s.page.scratch)
	case rest == "store/":
		s.serveListing(w, r)
	default:
		if name, ok := strings.CutPrefix(rest, "store/"); ok {
			s.serveFile(w, r, name)
			return
		}
		missing(w)
	}
}

// inside returns what follows the token in the path of a request, or false for a request that
// must learn nothing.
func (s *Server) inside(r *http.Request) (rest string, ok bool) {
	if !loopback(r.Host) {
		return "", false
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/")
	token, rest, slash := strings.Cut(path, "/")
	if !same(token, s.token) {
		return "", false
	}
	return rest, ok && slash
}

// first reports whether a request is the first one of the address of BrowserAddress.
func (s *Server) first(r *http.Request) bool {
	token := s.once.Load()
	return token != nil && r.Method == http.MethodGet && loopback(r.Host) &&
		same(r.URL.Path, "/"+*token+"/") && s.once.CompareAndSwap(token, nil)
}

// same compares secrets. Hashes have one length, so it takes the same time for every got.
func same(got, want string) bool {
	a, b := sha256.Sum256([]byte(got)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// loopback reports whether a Host header names this machine's loopback. The port may differ:
// a tunnel to another machine has its own.
func loopback(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	switch strings.ToLower(name) {
	case "127.0.0.1", "localhost", "::1":
		return true
	}
	return false
}

func missing(w http.ResponseWriter) { say(w, http.StatusNotFound, "not found") }

// say answers with a text that the page can show.
func say(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, text+"\n")
}

func content(w http.ResponseWriter, r *http.Request, kind string, b []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(b)
	}
}

func (s *Server) serveListing(w http.ResponseWriter, r *http.Request) {
	files, err := s.store.list()
	if err != nil {
		say(w, http.StatusInternalServerError, err.Error())
		return
	}
	b, err := json.Marshal(append([]Listed{}, files...))
	if err != nil {
		say(w, http.StatusInternalServerError, err.Error())
		return
	}
	content(w, r, "application/json", b)
}

// serveFile answers with a file, or ranges of it. With If-Match it is the file that was
// listed with this tag, and 412 if that is gone.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	tag := strings.Trim(strings.TrimSpace(r.Header.Get("If-Match")), `"`)
	if tag == "*" {
		tag = ""
	}
	r.Header.Del("If-Match") // done with; ServeContent would ask for quotes
	f, h, err := s.store.get(name, tag)
	switch {
	case errors.Is(err, errUnlisted):
		missing(w)
		return
	case errors.Is(err, errReplaced):
		say(w, http.StatusPreconditionFailed, "the file was replaced or removed")
		return
	case err != nil:
		say(w, http.StatusInternalServerError, err.Error())
		return
	}
	defer s.store.release(f, h)
	size, err := h.Size()
	if err != nil {
		say(w, http.StatusInternalServerError, err.Error())
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("ETag", `"`+f.tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(h, 0, size))
}

func number(n int) string { return strconv.Itoa(n) }
