package chrometest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestWorkerDies: a worker that dies is started again, the store is reopened in the same view, and
// the page says so, also during a question. A worker that keeps dying is not
// restarted forever.
func TestWorkerDies(t *testing.T) {
	t.Parallel()
	dir := shop(t, 100)
	want := all(t, reader(t, dir).Query(t.Context(), host.Region{Entity: "order:0007"}, host.Page{}))
	for name, open := range map[string]func(p *Page){
		"dropped": func(p *Page) { p.Drop(dir) },
		"chosen":  func(p *Page) { p.Choose(Test("input-folder"), dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := load(t, site(t).URL)
			p.Expect("thrown on purpose")
			open(p)
			p.Wait(within("summary"))
			p.goTo("#/events?entity=order:0007")
			p.settled(len(want))
			for i, end := range []string{
				"worker.dispatchEvent(new ErrorEvent('error', { message: 'thrown on purpose' }))",               // it threw
				"location.hash = '#/events?prefix=order:', worker.postMessage({ do: 'nothing that there is' })", // it says that it is dead, and did not answer
			} {
				p.quiet()
				Eval[bool](p, "(() => { const worker = testing.workers.at(-1); "+end+"; return true })()")
				p.Wait(within("notices") + "?.textContent.includes('The worker ended')")
				require.Contains(t, p.Text("notices"), "started again")
				p.Wait("testing.workers.length === " + count(i+2))
				p.goTo("#/events?entity=order:0007")
				p.same(want)
			}
			for deaths := 3; !Eval[bool](p, "!!"+within("open")); deaths++ {
				require.Less(t, deaths, 10)
				p.Wait("testing.workers.length === " + count(deaths) + " && " + within("refresh"))
				Eval[bool](p, "(testing.workers.at(-1).postMessage({ do: 'nothing that there is' }), true)")
				p.Wait(within("refresh") + " === null && " + within("open") + " || testing.workers.length === " + count(deaths+1) + " && " + within("refresh"))
			}
			require.Contains(t, p.Text("notices"), "times within a minute")
			p.Wait(within("open"))
			open(p)
			p.same(want)
		})
	}
}
