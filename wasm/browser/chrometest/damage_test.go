package chrometest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/host"
)

// verified runs a verification in the page, and compares it with a native one.
func verified(t testing.TB, p *Page, dir string) {
	t.Helper()
	p.Wait(within("verify"))
	Eval[bool](p, "(testing.one('verify').click(), true)")
	p.Wait(within("verdict") + "?.dataset.state === 'done'")
	want, err := host.Verify(t.Context(), dir, host.ReaderOptions{Logger: quiet}, nil)
	require.NoError(t, err)
	notes := Eval[[]string](p, "[...document.querySelectorAll('.notes li')].map((e) => e.textContent)")
	require.Len(t, notes, min(len(want.Notes), 200))
	for i, n := range notes {
		require.Contains(t, n, want.Notes[i].File)
	}
	if want.Sound() {
		require.Contains(t, p.Text("verdict"), "Sound")
		require.Empty(t, p.Texts("damage"))
		return
	}
	for _, d := range want.Damages {
		p.Wait("[...document.querySelectorAll('[data-test=damage]')].some((e) => e.textContent.includes(" + quote(d.File) + "))")
	}
}

// TestVerify: verification finds what the native one finds, and the map shows where.
func TestVerify(t *testing.T) {
	t.Parallel()
	dir := shop(t, 300)
	p := opened(t, dir)
	verified(t, p, dir)
	require.Equal(t, len(p.Texts("segment")), reader(t, dir).Report().Segments)

	hurt := copyStore(t, dir)
	flip(t, filepath.Join(hurt, "000001.fbat"), 30_000)
	next(t, p, hurt)
	verified(t, p, hurt)
	require.NotEqual(t, "0", Eval[string](p, "document.querySelector('[data-test=segment][data-name=\"000001.fbat\"]').dataset.damages"))
	require.Equal(t, "0", Eval[string](p, "document.querySelector('[data-test=segment][data-name=\"000002.fbat\"]').dataset.damages"))
	p.Click(Test("damage-events"))
	p.Wait("document.querySelectorAll('[data-test=table] [data-seq]').length > 5")
}

func flip(t testing.TB, file string, at int) {
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	b[at%len(b)] ^= 0x10
	require.NoError(t, os.WriteFile(file, b, 0o666))
}

// damaged yields a fixture with one harm each: every file missing, empty, cut, with a bit of
// its beginning, middle and end flipped, and replaced by a folder.
func damaged(t testing.TB, name string, yield func(name, dir string)) {
	from := fixture(t, name)
	entries, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, e := range entries {
		for _, harm := range []string{"missing", "empty", "cut", "begin", "middle", "end", "folder"} {
			dir := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
			file := filepath.Join(dir, e.Name())
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			switch harm {
			case "missing":
				require.NoError(t, os.Remove(file))
			case "empty":
				require.NoError(t, os.Truncate(file, 0))
			case "cut":
				require.NoError(t, os.Truncate(file, int64(len(b)*2/3)))
			case "begin":
				flip(t, file, 3)
			case "middle":
				flip(t, file, len(b)/2)
			case "end":
				flip(t, file, len(b)-1)
			case "folder":
				require.NoError(t, os.Remove(file))
				require.NoError(t, os.Mkdir(file, 0o777))
			}
			yield(fmt.Sprintf("%s: %s %s", name, e.Name(), harm), dir)
		}
	}
}

// TestDamaged: a damaged store opens as natively, or gives the native reason; what is wrong with
// it is in the page; and the page goes on.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for _, fixture := range []string{"rotated", "fences", "tail"} {
		t.Run(fixture, func(t *testing.T) {
			t.Parallel()
			p := load(t, site(t).URL)
			damaged(t, fixture, func(name, dir string) {
				require.True(t, t.Run(name, func(t *testing.T) {
					p.of(t)
					refused(t, p, dir)
				}))
			})
		})
	}
}

// refused drops a damaged store on the page, which says what the native reader says.
func refused(t testing.TB, p *Page, dir string) {
	t.Helper()
	r, err := host.OpenReader(t.Context(), dir, host.ReaderOptions{Logger: quiet})
	next(t, p, dir)
	if err != nil {
		p.Wait(within("failure-text") + "?.textContent.length > 20")
		var broken *damage.Damage
		if errors.As(err, &broken) {
			p.Wait("document.body.textContent.includes(" + quote(broken.File) + ")")
		}
		return
	}
	defer r.Close()
	report := r.Report()
	if report.Segments == 0 { // of nothing but folders
		p.Wait(within("summary") + " || " + within("failure-text"))
		return
	}
	p.Wait(within("summary"))
	p.WaitText("summary-events", count(report.Events))
	rejected := Eval[[]string](p, `[...document.querySelectorAll('[data-test^="report-rejected-"]')].map((e) => e.textContent)`)
	require.Len(t, rejected, len(report.Rejected))
	for i, refusal := range report.Rejected {
		require.Contains(t, rejected[i], refusal.File)
	}
	damages := p.Texts("damage")
	require.Len(t, damages, len(report.Damages))
	for i, d := range report.Damages {
		require.Contains(t, damages[i], d.File)
	}
}

// TestLies: every sort of damage that the tests of verification plant, with checksums that fit,
// is found in the page too, in the same file.
func TestLies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Log("of core/verify")
	c := exec.Command("go", "test", "-vet=off", "-count=1", "-run", "^TestLies$", "./core/verify")
	c.Dir, c.Env = site(t).root, append(os.Environ(), "THAW_KEEP_LIES="+dir)
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Greater(t, len(entries), 60)
	p := load(t, site(t).URL)
	for _, e := range entries {
		require.True(t, t.Run(e.Name(), func(t *testing.T) {
			p.of(t)
			refused(t, p, filepath.Join(dir, e.Name()))
			verified(t, p, filepath.Join(dir, e.Name()))
		}))
	}
}

// TestVerifyCancelled: a verification that is cancelled ends, and the page goes on.
func TestVerifyCancelled(t *testing.T) {
	t.Parallel()
	dir := shop(t, 300)
	p := opened(t, dir)
	p.Wait(within("verify"))
	// As soon as there is something to click: before any answer can arrive.
	require.True(t, Eval[bool](p, `new Promise((done) => {
		new MutationObserver((_, observer) => {
			const stop = testing.one('verify-stop')
			if (!stop) return
			observer.disconnect()
			stop.click()
			done(testing.one('verdict').dataset.state === 'running')
		}).observe(document.body, { subtree: true, childList: true })
		testing.one('verify').click()
	})`))
	p.Wait(within("verdict") + "?.dataset.state === 'none' && " + within("verify"))
	p.goTo("#/events?entity=order:0007")
	p.same(all(t, reader(t, dir).Query(t.Context(), host.Region{Entity: "order:0007"}, host.Page{})))
	p.goTo("#/summary")
	verified(t, p, dir)
}
