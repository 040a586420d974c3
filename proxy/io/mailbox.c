#include "proxy/io/mailbox.h"

#include <stdlib.h>

#include "proxy/io/loop_uv.h"

/* Holds always: *last is NULL, and is &first when the queue is empty. */
struct mailbox {
	uv_async_t async;
	uv_mutex_t lock; /* over first and last */
	struct mail *first;
	struct mail **last;
	mailbox_handler *on_mail;
	void *context;
};

/* Takes the whole queue, so that on_mail runs without the lock and may post. */
static struct mail *take_all(struct mailbox *mailbox)
{
	uv_mutex_lock(&mailbox->lock);
	struct mail *first = mailbox->first;
	mailbox->first = NULL;
	mailbox->last = &mailbox->first;
	uv_mutex_unlock(&mailbox->lock);
	return first;
}

static void hand_out(struct mailbox *mailbox)
{
	struct mail *next;

	for (struct mail *mail = take_all(mailbox); mail != NULL; mail = next) {
		next = mail->next;
		mail->next = NULL;
		mailbox->on_mail(mailbox->context, mail);
	}
}

static void on_async(uv_async_t *async)
{
	hand_out(async->data);
}

struct error mailbox_open(struct loop *loop, mailbox_handler *on_mail, void *context, struct mailbox **out)
{
	struct mailbox *mailbox = calloc(1, sizeof(*mailbox));
	if (mailbox == NULL)
		return error_of(ERROR_MEMORY, 0, "make a mailbox");

	mailbox->last = &mailbox->first;
	mailbox->on_mail = on_mail;
	mailbox->context = context;
	int status = uv_mutex_init(&mailbox->lock);
	if (status != 0) {
		free(mailbox);
		return error_of(ERROR_SYSTEM, -status, "make a mailbox's lock");
	}
	status = uv_async_init(&loop->uv, &mailbox->async, on_async);
	if (status != 0) {
		uv_mutex_destroy(&mailbox->lock);
		free(mailbox);
		return error_of(ERROR_SYSTEM, -status, "make a mailbox's wake-up");
	}
	mailbox->async.data = mailbox;
	*out = mailbox;
	return error_none();
}

void mailbox_post(struct mailbox *mailbox, struct mail *take_mail)
{
	take_mail->next = NULL;
	uv_mutex_lock(&mailbox->lock);
	*mailbox->last = take_mail;
	mailbox->last = &take_mail->next;
	/* Inside the lock: the owner may close the mailbox as soon as it has taken this mail. */
	uv_async_send(&mailbox->async);
	uv_mutex_unlock(&mailbox->lock);
}

static void on_close(uv_handle_t *handle)
{
	struct mailbox *mailbox = handle->data;

	uv_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

void mailbox_close(struct mailbox *mailbox)
{
	hand_out(mailbox);
	uv_close((uv_handle_t *)&mailbox->async, on_close);
}
