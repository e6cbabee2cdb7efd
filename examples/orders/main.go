// Orders is an order service on thaw: see README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
)

func main() {
	dir := flag.String("dir", "", "directory of the service's data; without one, show what it can do in a temporary one")
	listen := flag.String("listen", "127.0.0.1:8080", "address to serve on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := func() error { return serve(ctx, *dir, *listen) }
	if *dir == "" {
		run = func() error { return demo(ctx, os.Stdout) }
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// serve serves until ctx ends.
func serve(ctx context.Context, dir, listen string) error {
	s, err := Open(ctx, dir)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: listen, Handler: s.Handler()}
	context.AfterFunc(ctx, func() { server.Shutdown(context.Background()) })
	fmt.Println("serving on http://" + listen)
	if err = server.ListenAndServe(); errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.Close())
}
