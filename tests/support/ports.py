# Ports on loopback for servers that tests start.
import socket


def free_port():
    """
    A TCP port that nobody else gets while this process lives: the socket stays bound, but does not listen, so a server
    that sets SO_REUSEADDR (the agent, and all that Go makes) can take the port, and the kernel gives it to nobody.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    port = holder.getsockname()[1]
    holder.detach()  # it stays open
    return port
