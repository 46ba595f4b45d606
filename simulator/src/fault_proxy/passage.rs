//! The story of one proxied connection: reach the device, carry both directions, end as plan, orders or peers want it.
//! Read it top to bottom; [`super::leg`] moves the bytes.

use super::leg::{Carrier, LegEnd};
use super::plan::{BreakKind, Direction, Plan};
use super::record::{Order, PassageEnd, Record};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

pub(crate) async fn serve(
    record: Arc<Record>,
    mut till: TcpStream,
    upstream: SocketAddr,
    number: u64,
    plan: Plan,
    mut orders: watch::Receiver<Order>,
) {
    let reached = async {
        let device = TcpStream::connect(upstream).await?;
        device.set_nodelay(true)?;
        till.set_nodelay(true)?;
        let seen_by_device = device.local_addr()?;
        Ok::<_, std::io::Error>((device, seen_by_device))
    };
    let Ok((mut device, seen_by_device)) = reached.await else {
        reset(till);
        return end(&record, number, PassageEnd::Unreachable);
    };
    record.update(number, |passage| passage.seen_by_device = Some(seen_by_device));
    match carry(&record, &mut till, &mut device, number, plan, &mut orders).await {
        PassageEnd::Reset => {
            reset(till);
            reset(device);
            end(&record, number, PassageEnd::Reset);
        }
        ended => {
            // Nothing passes from here on, although the ends may take their time to close.
            end(&record, number, ended);
            tokio::join!(close(till), close(device));
        }
    }
}

fn end(record: &Record, number: u64, ended: PassageEnd) {
    record.discharge(number);
    record.update(number, |passage| passage.ended = Some(ended));
}

/// Moves bytes until something ends the connection, and returns how it ended.
async fn carry(
    record: &Record,
    till: &mut TcpStream,
    device: &mut TcpStream,
    number: u64,
    plan: Plan,
    orders: &mut watch::Receiver<Order>,
) -> PassageEnd {
    let (from_till, to_till) = till.split();
    let (from_device, to_device) = device.split();
    let carrier = |direction, source, sink| Carrier {
        number,
        direction,
        record,
        orders: orders.clone(),
        source,
        sink,
        leg: plan.leg(direction),
    };
    let mut up = pin!(carrier(Direction::ToDevice, from_till, to_device).carry());
    let mut down = pin!(carrier(Direction::ToTill, from_device, to_till).carry());
    let (mut up_finished, mut down_finished) = (false, false);
    while !(up_finished && down_finished) {
        tokio::select! {
            biased;
            order = orders.wait_for(|order| order.end.is_some()) => {
                return match order.ok().and_then(|order| order.end) {
                    Some(BreakKind::Cut) | None => PassageEnd::Cut,
                    Some(BreakKind::Reset | BreakKind::Stall) => PassageEnd::Reset,
                };
            }
            ended = &mut up, if !up_finished => match ended {
                // Of the device's end nothing will be seen, so this is as good as both.
                LegEnd::Finished if record.is_stalled(number, Direction::ToTill) => return PassageEnd::Closed,
                LegEnd::Finished => up_finished = true,
                ended => return ending(&ended),
            },
            ended = &mut down, if !down_finished => match ended {
                LegEnd::Finished => down_finished = true,
                ended => return ending(&ended),
            },
        }
    }
    PassageEnd::Closed
}

fn ending(ended: &LegEnd) -> PassageEnd {
    match ended {
        LegEnd::Broken(BreakKind::Cut) => PassageEnd::Cut,
        // A reset of one end is passed on to the other. A stall does not end a direction.
        LegEnd::Broken(BreakKind::Reset | BreakKind::Stall) | LegEnd::SinkLost | LegEnd::SourceLost => {
            PassageEnd::Reset
        }
        LegEnd::Finished | LegEnd::GoneBehindStall => PassageEnd::Closed,
    }
}

fn reset(tcp: TcpStream) {
    // Without it the close is an orderly one, which can only be if the socket is broken already.
    let _ = tcp.set_zero_linger();
}

/// Ends the stream and throws away what still comes: a socket that is closed with unread bytes in it sends a reset.
async fn close(mut tcp: TcpStream) {
    let mut scratch = [0; 4096];
    // An error is a peer that is gone.
    let _ = tcp.shutdown().await;
    while tcp.read(&mut scratch).await.is_ok_and(|length| length > 0) {}
}
