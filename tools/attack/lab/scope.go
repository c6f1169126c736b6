package lab

import (
	"context"
)

// Scope is what labs are made in: an attack, or a parallel job of one.
type Scope struct {
	// Ctx ends every call to a service.
	Ctx     context.Context
	World   *World
	cleanup []func()
}

// aborted is the panic that ends an attack where the laboratory itself failed.
type aborted struct{ err error }

// Check aborts the attack if err is not nil.
func (s *Scope) Check(err error) {
	if err != nil {
		panic(aborted{err})
	}
}

// Alive aborts the attack if its context has ended.
func (s *Scope) Alive() {
	if s.Ctx.Err() != nil {
		s.Check(context.Cause(s.Ctx))
	}
}

// Guard runs f, then closes what f opened. It returns the error that aborted f.
func (s *Scope) Guard(f func()) (err error) {
	defer func() {
		for _, f := range s.cleanup {
			f()
		}
		s.cleanup = nil
		if p := recover(); p != nil {
			a, ok := p.(aborted)
			if !ok {
				panic(p)
			}
			err = a.err
		}
	}()
	f()
	return nil
}
