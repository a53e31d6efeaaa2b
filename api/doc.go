// Package api serves databalancer over HTTP.
//
// # Design
//
// A handler reads a request, calls one of the packages below and returns an
// error; it never writes a failure itself. One function turns any error into
// a status, a code and an application/problem+json body (RFC 9457), from the
// one table in errors.go. Success is JSON.
//
// A query's answer is streamed by an [answer], which is a proxy.Sink: rows are
// appended, without reflection and without allocation, to one pooled buffer
// that goes out when it is full or has waited for a while. As long as nothing
// has gone out a failure still gets its own status. After that the body ends
// with the error, and the connection is aborted, so that no client takes half
// an answer for a whole one. Each write has a deadline: a client that takes
// nothing for that long is gone, and its query is stopped.
//
// # Security
//
// There is no CORS and no cookie. Every request that changes something must
// have a Content-Type of application/json or a method other than GET and
// POST; neither can be sent by a form or script of another origin without a
// preflight request, whose answer permits nothing. Answers are marked nosniff. The
// service knows no users: who may reach it may use all of it, so it belongs
// behind something that knows them. SQL text and events are never logged.
package api
