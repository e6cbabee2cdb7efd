// Orders is an order service on thaw: see README.md.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
)

func main() {
	dir := flag.String("dir", "", "the service's directory; without one, show in a temporary one what it does")
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *dir == "" {
		demo(ctx, os.Stdout)
		return
	}
	s := must(Open(ctx, *dir))
	server := &http.Server{Addr: *listen, Handler: s.Handler()}
	context.AfterFunc(ctx, func() { server.Shutdown(context.Background()) })
	log.Print(server.ListenAndServe(), "; ", s.Close())
}
