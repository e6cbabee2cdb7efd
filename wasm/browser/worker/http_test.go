package worker

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/wasm/abi"
	"github.com/thawlog/thaw/wasm/internal/madestore"
	"github.com/thawlog/thaw/wasm/internal/nodetest"
	"github.com/thawlog/thaw/wasm/internal/vectors"
)

// server hands out a store as `thaw inspect` does.
type server struct {
	files  map[string][]byte
	tag    atomic.Int64 // of every file
	status atomic.Int64 // of answers about files, 0 for the right one
	reads  atomic.Int64
	moves  atomic.Int64 // how often files are replaced after a listing
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/token/store/")
	if name == "" {
		type entry struct {
			Name    string `json:"name"`
			Size    int    `json:"size"`
			Regular bool   `json:"regular"`
			Tag     string `json:"tag"`
		}
		list := []entry{}
		for _, name := range []string{"index.fbati", "index.thaw", "index.ckpt", "synced.thaw"} {
			if b, ok := s.files[name]; ok {
				list = append(list, entry{name, len(b), true, s.quoted()})
			}
		}
		for name, b := range s.files {
			if !slices.ContainsFunc(list, func(e entry) bool { return e.Name == name }) {
				list = append(list, entry{name, len(b), true, s.quoted()})
			}
		}
		list = append(list, entry{Name: "a directory"})
		_ = json.NewEncoder(w).Encode(list)
		if s.moves.Add(-1) >= 0 {
			s.tag.Add(1)
		}
		return
	}
	s.reads.Add(1)
	b, ok := s.files[name]
	switch status := s.status.Load(); {
	case status != 0:
		w.WriteHeader(int(status))
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		w.Header().Set("ETag", s.quoted())
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}
}

func (s *server) quoted() string { return strconv.Quote(strconv.FormatInt(s.tag.Load(), 10)) }

// TestHTTP reads a store from a server: answers are native code's, a file that was replaced is
// gone, and an error of the server says nothing about the store.
func TestHTTP(t *testing.T) {
	node, args := engine(t)
	s := &server{files: madestore.New(t, madestore.Shape{
		Seed: 4, PerSegment: 400, Indexed: 8, Part: 2, Tail: 3, Entities: 30, Scopes: 4,
	})}
	web := httptest.NewServer(s)
	defer web.Close()
	all := vectors.Native(&vectors.Case{Files: s.files, Questions: []abi.Request{{Op: abi.OpQuery, Format: abi.FormatFull}}})[1].Text
	events := strconv.Itoa(strings.Count(all, "\n"))

	p := nodetest.Start(t, node, append([]string{"testdata/http.mjs"}, args...)...)
	type answer struct{ Text, Name, Code, Message string }
	ask := func(what string) (a answer) {
		p.Ask(t, map[string]string{"do": what, "base": web.URL + "/token/store/"}, &a, what)
		return a
	}
	s.moves.Store(3)
	require.Equal(t, answer{Text: events}, ask("open"), "after files were replaced three times")
	require.Negative(t, s.moves.Load())
	require.True(t, all == ask("all").Text)
	require.Less(t, s.reads.Load(), int64(200))

	s.tag.Add(1)
	gone := ask("all")
	require.Equal(t, answer{Name: "ThawError", Code: "-4"}, answer{Name: gone.Name, Code: gone.Code})
	require.Equal(t, answer{Text: events}, ask("refresh"))
	for _, status := range []int64{http.StatusInternalServerError, http.StatusForbidden, http.StatusMovedPermanently} {
		s.status.Store(status)
		failed := ask("refresh")
		require.Equal(t, "ReadError", failed.Name)
		failed = ask("all")
		require.Equal(t, "ReadError", failed.Name)
		if status != http.StatusMovedPermanently {
			require.Contains(t, failed.Message, strconv.FormatInt(status, 10))
		}
	}
	s.status.Store(http.StatusOK) // without the bytes
	require.Equal(t, "ReadError", ask("all").Name)
	s.status.Store(0)
	require.True(t, all == ask("all").Text, "after the server recovered")
	web.Close()
	require.Equal(t, "ReadError", ask("refresh").Name)
}
